import type { FastifyInstance } from "fastify";
import { type Answer, JSON_TYPE } from "../surfaces/answer.ts";
import { sendAnswer } from "./exchange.ts";

/** Methods of the health paths, as `Allow` names them. */
export const HEALTH_METHODS = "GET, HEAD, OPTIONS";
export const HEALTH_PATHS = ["/healthz", "/readyz"] as const;
/** Probes come every few seconds; a client that must wait may come back as often. */
const RETRY_AFTER_SECONDS = 1;

/** Serves `/healthz` (the process lives) and `/readyz` (it can do its work). */
export async function registerHealth(app: FastifyInstance, isReady: () => boolean): Promise<void> {
  await app.register((scope, _options, done) => {
    scope.addHook("onRequest", async (request, reply) => {
      request.exchange.surface = "health";
      reply.header("Cache-Control", "no-store");
    });
    scope.get("/healthz", async (request, reply) => sendAnswer(request, reply, healthAnswer("ok", 200)));
    scope.get("/readyz", async (request, reply) => {
      return sendAnswer(request, reply, isReady() ? healthAnswer("ready", 200) : healthAnswer("not_ready", 503));
    });
    for (const path of HEALTH_PATHS) {
      scope.options(path, async (request, reply) => {
        request.exchange.verdict = "options";
        return reply.code(204).header("Allow", HEALTH_METHODS).send();
      });
    }
    done();
  });
}

function healthAnswer(status: "ok" | "ready" | "not_ready", code: 200 | 503): Answer {
  return {
    status: code,
    contentType: JSON_TYPE,
    payload: JSON.stringify({ status }),
    verdict: status,
    // Probes repeat; what changes is logged by whoever looks at it.
    logLevel: "debug",
    ...(code === 503 ? { retryAfterSeconds: RETRY_AFTER_SECONDS } : {}),
  };
}
