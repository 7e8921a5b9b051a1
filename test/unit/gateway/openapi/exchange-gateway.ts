import { createHash } from "node:crypto";
import { create } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { EXAMPLE, type Exchange, JSON_BODY, type Operation } from "../../../../gateway/openapi/operation.ts";
import type { RateLimiter } from "../../../../gateway/rate-limit/rate-limiter.ts";
import { KeyKind } from "../../../../proto/gen/carillon/identity/v1/app_pb.js";
import {
  EventVerdict_Outcome,
  type IncomingEvent,
  PreviewEventResponseSchema,
  RefreshTokenResponse_Outcome,
} from "../../../../proto/gen/carillon/ingestion/v1/ingestion_service_pb.js";
import { runGateway } from "../../../wire/gateway/gateway-fixture.ts";
import { virtualClock } from "../../../wire/gateway/virtual-clock.ts";

const APP = { tenantId: EXAMPLE.tenantId, appId: EXAMPLE.appId };
const KINDS = new Map([
  [EXAMPLE.apiKey, KeyKind.API],
  [EXAMPLE.serverKey, KeyKind.SERVER],
] as [string, KeyKind][]);

/** Sends an example's request to a gateway of its own, in the situation that it is for. */
export async function send({ path, method }: Operation, exchange: Exchange) {
  const { given, contentType = JSON_BODY, request, headers = {} } = exchange;
  const clock = virtualClock();
  const refusing: RateLimiter = {
    consume: async (rule) => {
      return { allowed: false, limit: rule.limit, remaining: 0, resetMs: clock.now() + rule.windowMs };
    },
  };
  const { url, services } = await runGateway({
    clock,
    clientRateLimit: 10,
    serverRateLimit: 1_000,
    isReady: () => given !== "overloaded",
    ...(given === "over the limit" && { rateLimiter: refusing }),
  });
  const unlessOverloaded = <T>(answer: T): T => {
    if (given === "overloaded") throw new ConnectError("the store cannot be reached", Code.Unavailable);
    return answer;
  };
  services.identity.resolveKey = ({ keyHash }) => {
    const key = [...KINDS.keys()].find((each) => createHash("sha256").update(each).digest().equals(keyHash));
    return unlessOverloaded(key === undefined ? {} : { ...APP, kind: KINDS.get(key)! });
  };
  const app = { ...APP, allowedOrigins: [EXAMPLE.origin] };
  services.identity.resolveApp = () => unlessOverloaded({ app });
  services.ingestion.refreshToken = ({ oldToken, newToken }) => {
    if (oldToken.startsWith("never")) return { outcome: RefreshTokenResponse_Outcome.UNKNOWN_DEVICE };
    if (newToken.startsWith("taken")) return { outcome: RefreshTokenResponse_Outcome.TOKEN_CONFLICT };
    return { outcome: RefreshTokenResponse_Outcome.ACCEPTED };
  };
  services.ingestion.previewEvent = ({ event }) => preview(event!);
  if (given === "stored before") {
    const outcome = EventVerdict_Outcome.IDEMPOTENCY_CONFLICT;
    services.ingestion.ingestEvents = ({ events }) => ({ verdicts: events.map(() => ({ outcome })) });
  }
  const body = typeof request === "string" ? request : JSON.stringify(request);
  return fetch(`${url}${path}`, {
    method: method.toUpperCase(),
    ...(method === "post" && { body, headers: { "content-type": contentType, ...headers } }),
  });
}

/** What an event would do where one user has used its device before. */
function preview({ eventName, sentAppUserId, eventTimeMs, deviceToken }: IncomingEvent) {
  const isKnown = eventName === "purchase_completed";
  return create(PreviewEventResponseSchema, {
    effectiveTimeMs: eventTimeMs,
    ownerBefore: "user_123",
    ownerAfter: sentAppUserId,
    attributedTo: sentAppUserId === "" ? `anon:${deviceToken}` : sentAppUserId,
    newEventName: !isKnown,
    similarEventName: isKnown ? "" : "app_opened",
  });
}
