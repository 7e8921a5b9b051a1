import { ERROR_SCHEMA, EVENT_SCHEMA, SUCCESS_SCHEMA } from "../surfaces/pushengage/schemas.ts";
import { type Answer, EXAMPLE, type Exchange, IDEMPOTENCY_KEY, JSON_BODY, type Section } from "./operation.ts";

const TAG = "PushEngage";
const error = (description: string): Answer => ({ description, body: { [JSON_BODY]: "PushEngageError" } });
const KEY = { "Api-Key": EXAMPLE.serverKey };
const ADD_TO_CART = {
  event_name: "add_to_cart",
  profile_id: "user_123",
  data: { product_name: "Running Shoes", price: 99.99 },
};
const SUCCESS = { error_code: 0, data: {} };

const EXCHANGES: readonly Exchange[] = [
  {
    name: "ofUser",
    summary: "An event of a user",
    headers: { ...KEY, "Idempotency-Key": "order-1007" },
    request: ADD_TO_CART,
    status: 200,
    answer: SUCCESS,
  },
  {
    name: "ofDevice",
    summary: "An event of a device",
    headers: KEY,
    request: {
      event_name: "add_to_cart",
      device_token_hash: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    },
    status: 200,
    answer: SUCCESS,
  },
  {
    name: "invalid",
    isWrong: true,
    summary: "Several things wrong at once",
    headers: KEY,
    request: { event_name: "PushEngage.seen", data: { "a b": null } },
    status: 400,
    answer: {
      error: {
        message: "Invalid data",
        code: 1003,
        details: [
          { message: 'event_name must not start with "PushEngage.", but is "PushEngage.seen"', path: ["event_name"] },
          { message: "profile_id is required without device_token_hash", path: ["profile_id"] },
          {
            message:
              'data key "a b" must start with a letter or digit and contain only letters, digits, hyphens and underscores, 255 at most',
            path: ["data", "a b"],
          },
          { message: "data.a b must be a string, number or boolean, but is null", path: ["data", "a b"] },
        ],
      },
    },
  },
  {
    name: "noKey",
    summary: "No key",
    request: ADD_TO_CART,
    status: 401,
    answer: {
      error: {
        message: "API key is required. Please provide a valid API key in the API-KEY header.",
        code: 401002,
      },
    },
  },
  {
    name: "wrongKey",
    summary: "Unknown key",
    headers: { "Api-Key": "unknown" },
    request: ADD_TO_CART,
    status: 401,
    answer: {
      error: { message: "Invalid API key. The provided API key was not found or is incorrect.", code: 401000 },
    },
  },
  {
    name: "conflict",
    summary: "A key for another body",
    given: "stored before",
    headers: { ...KEY, "Idempotency-Key": "order-1007" },
    request: ADD_TO_CART,
    status: 409,
    answer: {
      error: {
        message: "This Idempotency-Key was sent with another body within 24 hours. Send a new key with a new event.",
        code: 1005,
      },
    },
  },
  {
    name: "rateLimited",
    summary: "Too many requests",
    given: "over the limit",
    headers: KEY,
    request: ADD_TO_CART,
    status: 429,
    answer: { error: { message: "Too many requests. Retry in 60 s.", code: 1004 } },
  },
  {
    name: "overloaded",
    summary: "Overload",
    given: "overloaded",
    headers: KEY,
    request: ADD_TO_CART,
    status: 503,
    answer: { error: { message: "The service is overloaded. Retry in 2 s.", code: 1001 } },
  },
];

/** The API for backends that send custom events of users or devices. */
export const PUSHENGAGE: Section = {
  tag: TAG,
  description:
    "For backends. Events of users, or of devices by the hash of their push token; they never change a device.",
  schemas: { PushEngageEvent: EVENT_SCHEMA, PushEngageSuccess: SUCCESS_SCHEMA, PushEngageError: ERROR_SCHEMA },
  operations: [
    {
      path: "/api/v1/events",
      method: "post",
      id: "pushengageTrackEvent",
      tag: TAG,
      summary: "Track an event",
      description:
        "Needs `profile_id` or `device_token_hash`; where both are sent, `profile_id` counts. The event's time is that of its receipt. An event of a device belongs to whoever owns the device then.",
      security: ["apiKeyHeader"],
      headers: [IDEMPOTENCY_KEY],
      body: { [JSON_BODY]: "PushEngageEvent" },
      answers: {
        200: { description: "The event is stored, now or before", body: { [JSON_BODY]: "PushEngageSuccess" } },
        400: error("Something in the request is wrong; `details` has every problem"),
        401: error("No key (401002), or one that is no server key (401000)"),
        409: error("The `Idempotency-Key` stands for another body"),
        429: error("Too many requests: 1,000 a minute for each key, unless configured otherwise"),
        500: error("A defect of ours"),
        503: error("The service is overloaded, or cannot reach something that it needs; send it again later"),
      },
      exchanges: EXCHANGES,
    },
  ],
};
