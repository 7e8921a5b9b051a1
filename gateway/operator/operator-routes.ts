import { MethodOptions_IdempotencyLevel } from "@bufbuild/protobuf/wkt";
import { Code, createConnectRouter, createContextValues } from "@connectrpc/connect";
import type { UniversalHandler } from "@connectrpc/connect/protocol";
import { codeToString } from "@connectrpc/connect/protocol-connect";
import {
  compressionBrotli,
  compressionGzip,
  universalRequestFromNodeRequest,
  universalResponseToNodeResponse,
} from "@connectrpc/connect-node";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { sendAnswer } from "../http/exchange.ts";
import { type Answer, JSON_TYPE, logLevelOf, retryAfterSeconds } from "../surfaces/answer.ts";
import type { Fault } from "../surfaces/fault.ts";
import type { Surface } from "../surfaces/surface.ts";
import { EXCHANGE, type ForwarderOptions, forwardServices } from "./forwarder.ts";
import type { OperatorService } from "./services.ts";

/** Largest message of a caller, in bytes: 1,000 pushes with tokens of 4,096 characters. */
const MAX_MESSAGE_BYTES = 6 * 1024 * 1024;

/** Serves the operator API over Connect, gRPC-Web and gRPC, JSON and binary. */
export async function registerOperator(app: FastifyInstance, options: ForwarderOptions): Promise<void> {
  const paths = operatorPaths(options.services);
  await app.register(async (scope) => {
    scope.addHook("onRequest", async (request, reply) => {
      request.exchange.surface = operatorShape.name;
      const allow = paths.get(request.exchange.head.path) ?? "";
      if (request.method === "OPTIONS") {
        request.exchange.verdict = "options";
        return reply.code(204).header("Allow", allow).send();
      }
      if (!allow.split(", ").includes(request.method)) {
        const fault = { kind: "method_not_allowed", allow } as const;
        return sendAnswer(request, reply, operatorShape.answerFault(fault, request.exchange.head));
      }
      // Connect builds a URL out of these, which must not fail where nobody would answer.
      if (request.host === "" || !URL.canParse(request.url, `http://${request.host}`))
        return sendAnswer(request, reply, MALFORMED);
    });
    scope.setErrorHandler((_error, request, reply) => sendAnswer(request, reply, MALFORMED));
    const router = createConnectRouter({
      acceptCompression: [compressionGzip, compressionBrotli],
      readMaxBytes: MAX_MESSAGE_BYTES,
    });
    forwardServices(router, options);
    for (const handler of router.handlers) {
      scope.all(handler.requestPath, (request, reply) => answerCall(request, reply, handler));
    }
  });
}

async function answerCall(request: FastifyRequest, reply: FastifyReply, handler: UniversalHandler): Promise<void> {
  const { exchange } = request;
  const contextValues = createContextValues().set(EXCHANGE, exchange);
  const call = universalRequestFromNodeRequest(request.raw, reply.raw, undefined, contextValues);
  // Where a call is answered before its end, the default iterator would destroy the request, and with it the reading of
  // whatever comes next on its connection.
  const body = request.raw.iterator({ destroyOnReturn: false });
  const answer = await handler({ ...call, body });
  const wasCalled = exchange.verdict !== "none";
  const unreadable = wasCalled ? undefined : UNREADABLE[answer.status];
  if (unreadable !== undefined) return sendAnswer(request, reply, unreadable);
  if (!wasCalled) exchange.verdict = "unreadable";
  reply.hijack();
  for (const [name, value] of Object.entries(reply.getHeaders())) {
    if (value !== undefined) reply.raw.setHeader(name, value);
  }
  await universalResponseToNodeResponse(answer, reply.raw).catch((error: unknown) => {
    // Whoever left is noted as that; a stream that broke has told its reader why.
    request.log.debug({ err: error, requestId: exchange.head.requestId }, "the answer of a call broke off");
    reply.raw.destroy();
  });
}

/** Paths of the operator API, with their methods as `Allow` names them. */
export function operatorPaths(services: readonly OperatorService[]): ReadonlyMap<string, string> {
  const paths = new Map<string, string>();
  for (const { definition } of services) {
    for (const method of definition.methods) {
      // Connect serves unary methods without side effects by GET as well.
      const isGettable =
        method.methodKind === "unary" && method.idempotency === MethodOptions_IdempotencyLevel.NO_SIDE_EFFECTS;
      paths.set(`/${definition.typeName}/${method.name}`, isGettable ? "GET, POST, OPTIONS" : "POST, OPTIONS");
    }
  }
  return paths;
}

/** How paths of the operator API that do not exist are answered: as the Connect protocol words errors. */
export const operatorShape: Pick<Surface, "name" | "pathPrefixes" | "answerFault"> = {
  name: "operator",
  pathPrefixes: ["/carillon."],
  answerFault: (fault) => answerOf(fault),
};

const MALFORMED = malformed("the request cannot be read");
/** What Connect answers to requests that it cannot read, and what is said instead: none of it is to be tried again. */
const UNREADABLE: Readonly<Record<number, Answer>> = {
  415: malformed("this Content-Type is not served; send application/json"),
  429: malformed(`a message may have ${MAX_MESSAGE_BYTES} bytes at most`),
  500: malformed("the message is none of this method's"),
};

function malformed(message: string): Answer {
  return connectAnswer({ status: 400, code: Code.InvalidArgument, message });
}

function answerOf(fault: Fault): Answer {
  switch (fault.kind) {
    case "not_found":
      return connectAnswer({ status: 404, code: Code.Unimplemented, message: "there is no such method" });
    case "method_not_allowed": {
      const message = `this HTTP method is not allowed here; use ${fault.allow}`;
      const answer = connectAnswer({ status: 405, code: Code.Unimplemented, message });
      return { ...answer, headers: { Allow: fault.allow } };
    }
    case "rate_limited":
    case "overloaded": {
      const [status, code] = fault.kind === "overloaded" ? [503, Code.Unavailable] : [429, Code.ResourceExhausted];
      const answer = connectAnswer({ status, code, message: "too much at once; retry later" });
      return { ...answer, retryAfterSeconds: retryAfterSeconds(fault.waitMs) };
    }
    case "unreadable":
      return connectAnswer({ status: 400, code: Code.InvalidArgument, message: fault.fault.message });
    case "internal":
      return connectAnswer({ status: 500, code: Code.Internal, message: "internal error" });
  }
}

function connectAnswer({ status, code, message }: { status: number; code: Code; message: string }): Answer {
  const name = codeToString(code);
  return {
    status,
    contentType: JSON_TYPE,
    payload: JSON.stringify({ code: name, message }),
    verdict: name,
    logLevel: logLevelOf(status),
  };
}
