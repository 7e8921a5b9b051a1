import { EXAMPLE, type Exchange } from "./operation.ts";

const CREDENTIALS = { tenant_id: EXAMPLE.tenantId, api_key: EXAMPLE.apiKey } as const;
const PURCHASE = {
  ...CREDENTIALS,
  app_user_id: "user_123",
  event_name: "purchase_completed",
  event_time: "2026-11-20T14:30:00+03:00",
  device_token: "dGhlIHRva2Vu:APA91bEXAMPLE",
  platform: "android",
  push_permission_granted: true,
  timezone: "Europe/Istanbul",
  language: "tr",
  country: "TR",
  session_id: "sess_abc123",
  params: { order_id: "A-1007", amount: 49.99, currency: "USD", item_count: 2 },
  context: { app_version: "2.1.0", screen: "checkout" },
} as const;
const { app_user_id: _, params: _params, context: _context, ...ANONYMOUS } = { ...PURCHASE, event_name: "app_open" };
const WRONG = { ...PURCHASE, event_time: "2026-11-20T14:30:00", language: "en-US", api_key: "unknown" };
const WRONG_ERRORS = [
  {
    field: "api_key",
    code: "unknown_api_key",
    message: "api_key is not a client key of tenant_id; check both in the app settings (a server_key does not count)",
  },
  {
    field: "event_time",
    code: "invalid_format",
    message: 'event_time "2026-11-20T14:30:00" has no offset from UTC; did you mean "2026-11-20T14:30:00Z"?',
  },
  {
    field: "language",
    code: "invalid_value",
    message: 'language "en-US" is not an ISO 639-1 code; did you mean "en"?',
  },
];
const RATE_LIMITED = {
  given: "over the limit",
  status: 429,
  answer: { errors: [{ field: "body", code: "rate_limited", message: "too many requests; retry in 1 s" }] },
} as const;
const OVERLOADED = {
  given: "overloaded",
  status: 503,
  answer: { errors: [{ field: "body", code: "overloaded", message: "the service is overloaded; retry in 2 s" }] },
} as const;
/** Every operation's last two examples. */
const trouble = (request: unknown): readonly Exchange[] => [
  { name: "rateLimited", summary: "Too many requests", request, ...RATE_LIMITED },
  { name: "overloaded", summary: "Overload", request, ...OVERLOADED },
];

export const EVENT_EXCHANGES: readonly Exchange[] = [
  {
    name: "purchase",
    summary: "A user bought something",
    request: PURCHASE,
    status: 200,
    answer: { fingerprint: "65090485fbd50e68e99cd76e98f80c76725ad25985835f96774a149c323705ba" },
  },
  {
    name: "anonymous",
    summary: "Before anybody signed in",
    request: ANONYMOUS,
    status: 200,
    answer: { fingerprint: "6d85f5c87d926ae6d7fbe2bf61a7f885e5c212852149c3e1073fe9cadc9e88d6" },
  },
  {
    name: "wrong",
    summary: "Several things wrong at once",
    isWrong: true,
    request: WRONG,
    status: 400,
    answer: { errors: WRONG_ERRORS },
  },
  ...trouble(PURCHASE),
];

export const VALIDATE_EXCHANGES: readonly Exchange[] = [
  {
    name: "purchase",
    summary: "Nothing to say against it",
    request: PURCHASE,
    status: 200,
    answer: {
      valid: true,
      errors: [],
      warnings: [],
      fingerprint: "65090485fbd50e68e99cd76e98f80c76725ad25985835f96774a149c323705ba",
      would: {
        duplicate: false,
        skewed_future: false,
        late: false,
        effective_time: "2026-11-20T11:30:00.000Z",
        new_device: false,
        new_owner: false,
        owner_app_user_id: { before: "user_123", after: "user_123" },
        attributed_to: "user_123",
        takes_anonymous_events: 0,
        new_event_name: false,
        similar_event_name: null,
      },
    },
  },
  {
    name: "warnings",
    summary: "Accepted, but hardly meant",
    request: { ...ANONYMOUS, push_permission_granted: null, user_id: "user_123" },
    status: 200,
    answer: {
      valid: true,
      errors: [],
      warnings: [
        {
          field: "app_user_id",
          code: "owner_change",
          message:
            'the device would pass from "user_123" to nobody, because the event names no app_user_id; pushes for "user_123" would no longer reach it',
        },
        {
          field: "event_name",
          code: "close_event_name",
          message: 'event_name "app_open" is a new name; did you mean "app_opened"?',
        },
        {
          field: "push_permission_granted",
          code: "push_permission_absent",
          message: "push_permission_granted is null, which means false: the device will not receive pushes",
        },
        {
          field: "user_id",
          code: "unknown_field",
          message: "user_id is not a field of an event and is ignored; did you mean app_user_id?",
        },
      ],
      fingerprint: "6d85f5c87d926ae6d7fbe2bf61a7f885e5c212852149c3e1073fe9cadc9e88d6",
      would: {
        duplicate: false,
        skewed_future: false,
        late: false,
        effective_time: "2026-11-20T11:30:00.000Z",
        new_device: false,
        new_owner: true,
        owner_app_user_id: { before: "user_123", after: null },
        attributed_to: "anon:dGhlIHRva2Vu:APA91bEXAMPLE",
        takes_anonymous_events: 0,
        new_event_name: true,
        similar_event_name: "app_opened",
      },
    },
  },
  {
    name: "wrong",
    summary: "Several things wrong at once",
    isWrong: true,
    request: WRONG,
    status: 200,
    answer: { valid: false, errors: WRONG_ERRORS, warnings: [], fingerprint: null, would: null },
  },
  ...trouble(PURCHASE),
];

const OPENED = { ...CREDENTIALS, tracking_token: "0f8fad5b-d9cb-469f-a165-70867728950e" };

export const PUSH_OPENED_EXCHANGES: readonly Exchange[] = [
  { name: "opened", summary: "A push was tapped", request: OPENED, status: 200, answer: { success: true } },
  {
    name: "malformed",
    summary: "No tracking token",
    isWrong: true,
    request: { ...OPENED, tracking_token: "abc" },
    status: 400,
    answer: {
      errors: [
        {
          field: "tracking_token",
          code: "invalid_format",
          message: 'tracking_token "abc" is not a UUID; send the tracking_token that came with the push',
        },
      ],
    },
  },
  {
    name: "unknownKey",
    summary: "Unknown key",
    request: { ...OPENED, api_key: "unknown" },
    status: 401,
    answer: { errors: [WRONG_ERRORS[0]] },
  },
  ...trouble(OPENED),
];

const REFRESHED = { ...CREDENTIALS, old_token: "old:APA91bEXAMPLE", new_token: "new:APA91bEXAMPLE" };

export const REFRESH_TOKEN_EXCHANGES: readonly Exchange[] = [
  {
    name: "refreshed",
    summary: "The push service gave another token",
    request: { ...REFRESHED, app_user_id: "user_123", platform: "android" },
    status: 200,
    answer: { success: true },
  },
  {
    name: "sameToken",
    summary: "Twice the same token",
    isWrong: true,
    request: { ...REFRESHED, new_token: REFRESHED.old_token },
    status: 400,
    answer: {
      errors: [
        {
          field: "new_token",
          code: "same_token",
          message: "new_token is the same as old_token; send the token that replaces it",
        },
      ],
    },
  },
  {
    name: "unknownKey",
    summary: "Unknown key",
    request: { ...REFRESHED, api_key: "unknown" },
    status: 401,
    answer: { errors: [WRONG_ERRORS[0]] },
  },
  {
    name: "unknownDevice",
    summary: "No such device",
    request: { ...REFRESHED, old_token: "never:APA91bEXAMPLE" },
    status: 404,
    answer: {
      errors: [
        {
          field: "old_token",
          code: "unknown_device",
          message: "old_token belongs to no device of this app; send an event with new_token instead",
        },
      ],
    },
  },
  {
    name: "tokenConflict",
    summary: "Another user's token",
    request: { ...REFRESHED, new_token: "taken:APA91bEXAMPLE" },
    status: 409,
    answer: {
      errors: [
        {
          field: "new_token",
          code: "token_conflict",
          message: "new_token already belongs to a device of another user; if it changed hands, send its app_user_id",
        },
      ],
    },
  },
  ...trouble(REFRESHED),
];
