import {
  ERRORS_SCHEMA,
  STORED_SCHEMA,
  SUCCESS_SCHEMA,
  VERDICT_SCHEMA,
} from "../surfaces/smartapppush/answer-schemas.ts";
import { EVENT_SCHEMA, PUSH_OPENED_SCHEMA, REFRESH_TOKEN_SCHEMA } from "../surfaces/smartapppush/schemas.ts";
import { type Answer, EXAMPLE, JSON_BODY, type Operation, type Section } from "./operation.ts";
import {
  EVENT_EXCHANGES,
  PUSH_OPENED_EXCHANGES,
  REFRESH_TOKEN_EXCHANGES,
  VALIDATE_EXCHANGES,
} from "./smartapppush-examples.ts";

const TAG = "SmartAppPush";
const errors = (description: string): Answer => ({ description, body: { [JSON_BODY]: "Errors" } });
const answer = (schema: string, description: string): Answer => ({ description, body: { [JSON_BODY]: schema } });

const RATE_LIMITED = errors("Too many requests: 10 a second for each client address, unless configured otherwise");
const OVERLOADED = errors("The service is overloaded, or cannot reach something that it needs; send it again later");
const shared = { method: "post", tag: TAG, security: ["body"], headers: [] } as const;

const events: Operation = {
  ...shared,
  path: "/events",
  id: "sendEvent",
  summary: "Send an event",
  description:
    "Stores what a user did, and with it registers the user and the device. Sending the same event again is harmless: it is stored once and answered with the same fingerprint. Where the app requires it, a user is named with a `user_signature`. Mobile clients may drop what is answered with 400 and repeat everything else.",
  body: { [JSON_BODY]: "Event" },
  answers: {
    200: answer("Stored", "The event is stored, now or before"),
    400: errors("Something in the request is wrong, an unknown `api_key` included; all failing fields are named"),
    429: RATE_LIMITED,
    503: OVERLOADED,
  },
  exchanges: EVENT_EXCHANGES,
};

const validate: Operation = {
  ...shared,
  path: "/events/validate",
  id: "validateEvent",
  summary: "Try an event without sending it",
  description:
    "Takes what `/events` takes and stores nothing. Tells whether the event would be accepted, what may not be meant as it is, and what the event would do at this moment. The answer is 200 for a wrong body as well, and for an unknown key, which is then among the errors. Counts toward the rate limit of `/events`.",
  body: { [JSON_BODY]: "Event" },
  answers: { 200: answer("Verdict", "The verdict"), 429: RATE_LIMITED, 503: OVERLOADED },
  exchanges: VALIDATE_EXCHANGES,
};

const pushesOpened: Operation = {
  ...shared,
  path: "/pushes/opened",
  id: "reportPushOpened",
  summary: "Report an opened push",
  description:
    "Send it when the user taps a push, with the `tracking_token` that came with it. It may be repeated, and may come before the push is known: it is held for 72 hours.",
  body: { [JSON_BODY]: "PushOpened" },
  answers: {
    200: answer("Success", "The report is stored"),
    400: errors("A field is missing or malformed"),
    401: errors("No app has this tenant and key"),
    429: RATE_LIMITED,
    503: OVERLOADED,
  },
  exchanges: PUSH_OPENED_EXCHANGES,
};

const refreshToken: Operation = {
  ...shared,
  path: "/devices/refresh-token",
  id: "refreshDeviceToken",
  summary: "Replace a device's token",
  description:
    "Send it when the push service gives a device another token. The device keeps its history and its owner; where the new token has a device of its own already, the two become one. It may be repeated.",
  body: { [JSON_BODY]: "RefreshToken" },
  answers: {
    200: answer("Success", "The new token is in force"),
    400: errors("A field is missing or malformed, or both tokens are the same"),
    401: errors("No app has this tenant and key"),
    404: errors("No device has the old token"),
    409: errors("The new token belongs to another user's device"),
    429: RATE_LIMITED,
    503: OVERLOADED,
  },
  exchanges: REFRESH_TOKEN_EXCHANGES,
};

/** The API for apps and browsers, authenticated by the body. */
export const SMARTAPPPUSH: Section = {
  tag: TAG,
  description: `For apps and browsers, from any origin. The body carries the credentials: \`tenant_id\` and the public \`api_key\`, in these examples \`${EXAMPLE.tenantId}\` and \`${EXAMPLE.apiKey}\`.`,
  schemas: {
    Event: EVENT_SCHEMA,
    PushOpened: PUSH_OPENED_SCHEMA,
    RefreshToken: REFRESH_TOKEN_SCHEMA,
    Stored: STORED_SCHEMA,
    Success: SUCCESS_SCHEMA,
    Verdict: VERDICT_SCHEMA,
    Errors: ERRORS_SCHEMA,
  },
  operations: [events, validate, pushesOpened, refreshToken],
};
