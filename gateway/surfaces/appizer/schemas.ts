import { Type } from "typebox";
import { ERROR_CODES } from "./errors.ts";

/** Longest texts, in characters; http.md, Appizer. */
export const MAX_EVENT_NAME_CHARACTERS = 128;
export const MAX_USER_ID_CHARACTERS = 256;
export const MAX_USER_AGENT_CHARACTERS = 1024;
export const MAX_APP_ID_CHARACTERS = 256;
/** Events in one request: what an SDK gathers between two sends. */
export const MAX_BATCH_EVENTS = 50;

const nullable = <T extends Type.TSchema>(schema: T) => Type.Optional(Type.Union([schema, Type.Null()]));

const fields = {
  event_name: Type.String({
    minLength: 1,
    maxLength: MAX_EVENT_NAME_CHARACTERS,
    pattern: "^\\P{Cc}+$",
    description: "What happened; any name",
  }),
  user_id: Type.String({
    minLength: 1,
    maxLength: MAX_USER_ID_CHARACTERS,
    pattern: "^(?!anon:)",
    description: "Who did it",
  }),
  properties: nullable(
    Type.Record(Type.String(), Type.Unknown(), {
      description: "What belongs to the event, 32 KB and 256 keys at most",
    }),
  ),
  ip: nullable(Type.String({ minLength: 2, description: "The user's address, IPv4 or IPv6" })),
  ua: nullable(Type.String({ maxLength: MAX_USER_AGENT_CHARACTERS, description: "The user's browser or device" })),
};

const webFields = {
  ...fields,
  event_id: nullable(
    Type.String({
      minLength: 1,
      maxLength: 255,
      pattern: "^[\\x21-\\x7e]+$",
      description: "Makes repeating harmless for 24 hours, as `Idempotency-Key` does",
    }),
  ),
  user_signature: nullable(
    Type.String({
      description:
        "Proves `user_id` where the app requires it: its HMAC-SHA256 in hex, made by the app's backend with an identity secret. `web:` and a UUID, a visitor, needs none",
    }),
  ),
  event_time: nullable(Type.String({ minLength: 1, description: "When it happened: RFC 3339 with Z or an offset" })),
};

const appId = Type.String({
  minLength: 1,
  maxLength: MAX_APP_ID_CHARACTERS,
  description: "The app, which is no secret",
});

/**
 * Body of `POST /v1/events`, for the OpenAPI page; `event-fields.ts` reads it. A property test holds the two together.
 */
export const EVENT_SCHEMA = Type.Object(fields);

/** Body of `POST /v1/web/events` with one event. */
export const WEB_EVENT_SCHEMA = Type.Object({ app_id: appId, ...webFields });

/** Body of `POST /v1/web/events` with several: each is judged by itself, so that a wrong one keeps none from being stored. */
export const WEB_BATCH_SCHEMA = Type.Object({
  app_id: appId,
  events: Type.Array(Type.Object(webFields), { minItems: 1, maxItems: MAX_BATCH_EVENTS }),
});

const eventId = Type.String({ pattern: "^evt_[0-9a-f]{64}$", description: "The same whenever the event is the same" });

/** Answer to an event that is stored. */
export const TRACKED_SCHEMA = Type.Object({
  success: Type.Literal(true),
  event_id: eventId,
  message: Type.Literal("Event tracked successfully"),
});

const refusal = {
  message: Type.String(),
  code: Type.Union(ERROR_CODES.map((code) => Type.Literal(code))),
  details: Type.Optional(
    Type.Record(Type.String(), Type.Union([Type.String(), Type.Number()]), {
      description:
        "`field` with `issue`, or with `expected` and `received`; `limit`, `window` and `retry_after` with 429",
    }),
  ),
};

/** Every error. */
export const ERROR_SCHEMA = Type.Object({
  error: Type.String({ description: "The reason phrase of the status" }),
  ...refusal,
});

/** Answer to several events: what became of each, in their order. */
export const BATCH_ANSWER_SCHEMA = Type.Object({
  success: Type.Boolean({ description: "Whether all of them are stored" }),
  results: Type.Array(
    Type.Union([
      Type.Object({ status: Type.Union([Type.Literal("stored"), Type.Literal("duplicate")]), event_id: eventId }),
      Type.Object({ status: Type.Literal("rejected"), error: Type.Object(refusal) }),
      Type.Object({ status: Type.Literal("retry", { description: "Not known to be stored; send it again as it is" }) }),
    ]),
  ),
});
