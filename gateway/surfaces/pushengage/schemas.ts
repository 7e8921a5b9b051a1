import { Type } from "typebox";

/** Longest texts, in characters; http.md, PushEngage. */
export const MAX_EVENT_NAME_CHARACTERS = 64;
export const MAX_USER_ID_CHARACTERS = 256;
/** Bytes of UTF-8 of `data` when serialized: 4 KB (http.md, PushEngage). */
export const MAX_DATA_BYTES = 4096;
/** A key of `data`. */
export const DATA_KEY = "^[A-Za-z0-9][A-Za-z0-9_-]{0,254}$";

const nullable = <T extends Type.TSchema>(schema: T) => Type.Optional(Type.Union([schema, Type.Null()]));

/**
 * Body of `POST /api/v1/events`, for the OpenAPI page; `event-body.ts` reads it. A property test holds the two together.
 */
export const EVENT_SCHEMA = Type.Object({
  event_name: Type.String({
    minLength: 1,
    maxLength: MAX_EVENT_NAME_CHARACTERS,
    pattern: "^(?!PushEngage\\.)\\P{Cc}+$",
    description: "What happened; must not begin with `PushEngage.`",
  }),
  device_token_hash: Type.Optional(
    Type.Unknown({
      description:
        "The device, by the hexadecimal SHA-256 of its push token; needed without `profile_id`, and not looked at beside it",
    }),
  ),
  profile_id: nullable(
    Type.String({
      maxLength: MAX_USER_ID_CHARACTERS,
      pattern: "^(?!anon:)",
      description: "The user; needed without `device_token_hash`",
    }),
  ),
  data: nullable(
    Type.Record(Type.String({ pattern: DATA_KEY }), Type.Union([Type.String(), Type.Number(), Type.Boolean()]), {
      additionalProperties: false,
      description: "What belongs to the event, 4 KB at most; a date is a string",
    }),
  ),
});

/** Answer to an event that is stored. */
export const SUCCESS_SCHEMA = Type.Object({ error_code: Type.Literal(0), data: Type.Object({}) });

/** Every error. */
export const ERROR_SCHEMA = Type.Object({
  error: Type.Object({
    message: Type.String(),
    code: Type.Integer({
      description:
        "401002 no key, 401000 wrong key, 1003 invalid data, 1005 repeated key, 1004 too many requests, 1001 ours",
    }),
    details: Type.Optional(
      Type.Array(
        Type.Object({
          message: Type.String(),
          path: Type.Array(Type.String(), { description: "Leads to the problem in the body; empty for all of it" }),
        }),
        { description: "Every problem, with 1003" },
      ),
    ),
  }),
});
