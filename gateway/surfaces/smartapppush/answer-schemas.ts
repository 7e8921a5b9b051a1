import { Type } from "typebox";
import { ERROR_CODES } from "./errors.ts";
import { WARNING_CODES } from "./validate-warnings.ts";

const nullableText = (description: string) => Type.Union([Type.String(), Type.Null()], { description });

const fieldError = Type.Object({
  field: Type.String({ description: "A top-level field, or `body` for the request as a whole" }),
  code: Type.Union(ERROR_CODES.map((code) => Type.Literal(code))),
  message: Type.String({ description: "What is wrong, what was received, and what would be right" }),
});

const warning = Type.Object({
  field: Type.String({ description: "A top-level field" }),
  code: Type.Union(WARNING_CODES.map((code) => Type.Literal(code))),
  message: Type.String(),
});

const fingerprint = Type.String({
  pattern: "^[0-9a-f]{64}$",
  description: "SHA-256 of what makes the event this one; the same event has the same fingerprint",
});

/** Answer of `POST /events`. */
export const STORED_SCHEMA = Type.Object({ fingerprint });

/** Answer of `POST /pushes/opened` and `/devices/refresh-token`. */
export const SUCCESS_SCHEMA = Type.Object({ success: Type.Literal(true) });

/** Every error of the SmartAppPush endpoints. */
export const ERRORS_SCHEMA = Type.Object({
  errors: Type.Array(fieldError, { minItems: 1, description: "All failing fields, in the order of the field table" }),
});

/** What an event would do. */
const wouldDo = Type.Object({
  duplicate: Type.Boolean({ description: "The same event is stored already" }),
  skewed_future: Type.Boolean({ description: "Its time is too far in the future to count" }),
  late: Type.Boolean({ description: "It is too old to have an effect; it would be stored all the same" }),
  effective_time: Type.String({ format: "date-time", description: "The time that it would count at" }),
  new_device: Type.Boolean({ description: "It would be the first to make its device known" }),
  new_owner: Type.Boolean({ description: "The device would change hands" }),
  owner_app_user_id: Type.Object({
    before: nullableText("Whose device it is now; null for nobody's"),
    after: nullableText("Whose it would be afterwards"),
  }),
  attributed_to: nullableText("Whose event it would be"),
  takes_anonymous_events: Type.Integer({
    minimum: 0,
    maximum: 100,
    description: "Earlier anonymous events of the device that would become this user's, counted up to 100",
  }),
  new_event_name: Type.Boolean({ description: "The app has never sent its name, and no system event has it" }),
  similar_event_name: nullableText("A known name that a custom one is close to"),
});

/** Answer of `POST /events/validate`. */
export const VERDICT_SCHEMA = Type.Object({
  valid: Type.Boolean({ description: "Whether `POST /events` would accept the body" }),
  errors: Type.Array(fieldError, { description: "As `POST /events` would answer them; an unknown key is one of them" }),
  warnings: Type.Array(warning, { description: "What would be accepted, but may not be meant" }),
  fingerprint: Type.Union([fingerprint, Type.Null()], { description: "Null unless the body is valid" }),
  would: Type.Union([wouldDo, Type.Null()], { description: "Null unless the body is valid" }),
});
