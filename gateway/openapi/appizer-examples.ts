import { EXAMPLE, type Exchange } from "./operation.ts";

const BEARER = { Authorization: `Bearer ${EXAMPLE.serverKey}` };
const PURCHASE = {
  event_name: "purchase_completed",
  user_id: "user_123",
  properties: { amount: 29.99, currency: "USD", product_id: "premium_plan" },
};
const KEY = { "Idempotency-Key": "order-1007" };

export const EVENT_EXCHANGES: readonly Exchange[] = [
  {
    name: "purchase",
    summary: "A user bought something",
    headers: { ...BEARER, ...KEY },
    request: { ...PURCHASE, ip: "192.0.2.17", ua: "Mozilla/5.0 (Windows NT 10.0; Win64; x64)" },
    status: 200,
    answer: {
      success: true,
      event_id: "evt_06992eee8dda687d353e92eedf6a4657a89f4422f649b85e5e3ca68ce75f06d6",
      message: "Event tracked successfully",
    },
  },
  {
    name: "missing",
    isWrong: true,
    summary: "A field is missing",
    headers: BEARER,
    request: { event_name: "purchase_completed" },
    status: 400,
    answer: {
      error: "Bad Request",
      message: "user_id is required",
      code: "MISSING_FIELD",
      details: { field: "user_id", issue: "required" },
    },
  },
  {
    name: "type",
    isWrong: true,
    summary: "A field of another type",
    headers: BEARER,
    request: { ...PURCHASE, properties: "premium" },
    status: 400,
    answer: {
      error: "Bad Request",
      message: 'properties must be an object, but is "premium"',
      code: "INVALID_TYPE",
      details: { field: "properties", expected: "object", received: "string" },
    },
  },
  {
    name: "noKey",
    summary: "No key",
    request: PURCHASE,
    status: 401,
    answer: {
      error: "Unauthorized",
      message: 'Authorization is required; send "Authorization: Bearer" and the server key of the app',
      code: "MISSING_AUTH",
    },
  },
  {
    name: "publicKey",
    summary: "A public key",
    headers: { Authorization: `Bearer ${EXAMPLE.apiKey}` },
    request: PURCHASE,
    status: 403,
    answer: {
      error: "Forbidden",
      message: "The API key is a public one; this endpoint needs a server key",
      code: "INSUFFICIENT_PERMISSIONS",
    },
  },
  {
    name: "conflict",
    summary: "A key for another body",
    given: "stored before",
    headers: { ...BEARER, ...KEY },
    request: PURCHASE,
    status: 409,
    answer: {
      error: "Conflict",
      message: "This idempotency key was sent with another body within 24 hours; send a new key with a new event",
      code: "IDEMPOTENCY_CONFLICT",
    },
  },
  {
    name: "rateLimited",
    summary: "Too many requests",
    given: "over the limit",
    headers: BEARER,
    request: PURCHASE,
    status: 429,
    answer: {
      error: "Too Many Requests",
      message: "Rate limit exceeded",
      code: "RATE_LIMIT_EXCEEDED",
      details: { limit: 1000, window: "1 minute", retry_after: 60 },
    },
  },
  {
    name: "overloaded",
    summary: "Overload",
    given: "overloaded",
    headers: BEARER,
    request: PURCHASE,
    status: 503,
    answer: {
      error: "Service Unavailable",
      message: "The service is overloaded; retry in 2 s",
      code: "SERVICE_UNAVAILABLE",
    },
  },
];

const ORIGIN = { Origin: EXAMPLE.origin };
const VIEW = {
  event_name: "page_viewed",
  user_id: "web:3f2504e0-4f89-41d3-9a0c-0305e82c3301",
  properties: { path: "/shoes" },
  event_time: "2026-11-20T11:30:00Z",
  event_id: "view-1",
};
const PAGE = { app_id: EXAMPLE.appId, ...VIEW };

export const WEB_EXCHANGES: readonly Exchange[] = [
  {
    name: "one",
    summary: "One event",
    headers: ORIGIN,
    request: PAGE,
    status: 200,
    answer: {
      success: true,
      event_id: "evt_697a1a96ab9948613f7a78a53ed55779bd08f36059380e8f1aeb02a641c31f4a",
      message: "Event tracked successfully",
    },
  },
  {
    name: "several",
    summary: "Several events",
    headers: ORIGIN,
    request: { app_id: EXAMPLE.appId, events: [VIEW, { ...VIEW, event_id: "view-2" }] },
    status: 200,
    answer: {
      success: true,
      results: [
        { status: "stored", event_id: "evt_697a1a96ab9948613f7a78a53ed55779bd08f36059380e8f1aeb02a641c31f4a" },
        { status: "stored", event_id: "evt_c83f82a5a6a0548a35e3ed0d0636ed015443df73f7b8b8792b969fc77b6bcf85" },
      ],
    },
  },
  {
    name: "partly",
    summary: "Several events, one of them wrong",
    isWrong: true,
    headers: ORIGIN,
    request: { app_id: EXAMPLE.appId, events: [VIEW, { ...VIEW, event_id: "view-2", user_id: "" }] },
    status: 200,
    answer: {
      success: false,
      results: [
        { status: "stored", event_id: "evt_697a1a96ab9948613f7a78a53ed55779bd08f36059380e8f1aeb02a641c31f4a" },
        {
          status: "rejected",
          error: {
            code: "MISSING_FIELD",
            message: "user_id is required",
            details: { field: "user_id", issue: "required" },
          },
        },
      ],
    },
  },
  {
    name: "missing",
    isWrong: true,
    summary: "A field is missing",
    headers: ORIGIN,
    request: { ...PAGE, event_name: "" },
    status: 400,
    answer: {
      error: "Bad Request",
      message: "event_name is required",
      code: "MISSING_FIELD",
      details: { field: "event_name", issue: "required" },
    },
  },
  {
    name: "origin",
    summary: "Another site's page",
    headers: { Origin: "https://elsewhere.example" },
    request: PAGE,
    status: 403,
    answer: {
      error: "Forbidden",
      message:
        'The origin "https://elsewhere.example" may not send events of this app; add it to the app\'s allowed origins',
      code: "ORIGIN_NOT_ALLOWED",
    },
  },
  {
    name: "conflict",
    summary: "An id for another body",
    given: "stored before",
    headers: ORIGIN,
    request: PAGE,
    status: 409,
    answer: {
      error: "Conflict",
      message: "This idempotency key was sent with another body within 24 hours; send a new key with a new event",
      code: "IDEMPOTENCY_CONFLICT",
    },
  },
  {
    name: "rateLimited",
    summary: "Too many requests",
    given: "over the limit",
    headers: ORIGIN,
    request: PAGE,
    status: 429,
    answer: {
      error: "Too Many Requests",
      message: "Rate limit exceeded",
      code: "RATE_LIMIT_EXCEEDED",
      details: { limit: 10, window: "1 second", retry_after: 1 },
    },
  },
  {
    name: "overloaded",
    summary: "Overload",
    given: "overloaded",
    headers: ORIGIN,
    request: PAGE,
    status: 503,
    answer: {
      error: "Service Unavailable",
      message: "The service is overloaded; retry in 2 s",
      code: "SERVICE_UNAVAILABLE",
    },
  },
];
