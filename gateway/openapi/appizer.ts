import { Type } from "typebox";
import {
  BATCH_ANSWER_SCHEMA,
  ERROR_SCHEMA,
  EVENT_SCHEMA,
  TRACKED_SCHEMA,
  WEB_BATCH_SCHEMA,
  WEB_EVENT_SCHEMA,
} from "../surfaces/appizer/schemas.ts";
import { EVENT_EXCHANGES, WEB_EXCHANGES } from "./appizer-examples.ts";
import { type Answer, EXAMPLE, IDEMPOTENCY_KEY, JSON_BODY, type Operation, type Section } from "./operation.ts";

const TAG = "Appizer";
const error = (description: string): Answer => ({ description, body: { [JSON_BODY]: "AppizerError" } });
const OVERLOADED = error("The service is overloaded, or cannot reach something that it needs; send it again later");
const shared = { method: "post", tag: TAG } as const;
const DEFECT = error("A defect of ours");
const CONFLICT = error("The key that makes repeating harmless stands for another body");
const INVALID = error("Something in the request is wrong; the first fault is told");

const events: Operation = {
  ...shared,
  path: "/v1/events",
  id: "appizerTrackEvent",
  summary: "Track an event",
  description:
    "An event of a user, from a backend. Its time is that of its receipt. Every answer tells the limit and what is left of it: `X-RateLimit-Limit`, `X-RateLimit-Remaining`, `X-RateLimit-Reset` (Unix seconds).",
  security: ["bearer"],
  headers: [IDEMPOTENCY_KEY],
  body: { [JSON_BODY]: "AppizerEvent" },
  answers: {
    200: { description: "The event is stored, now or before", body: { [JSON_BODY]: "AppizerTracked" } },
    400: INVALID,
    401: error("No key, an unknown or a revoked one"),
    403: error("A public key where a server key is needed"),
    409: CONFLICT,
    429: error("Too many requests: 1,000 a minute for each key, unless configured otherwise"),
    500: DEFECT,
    503: OVERLOADED,
  },
  exchanges: EVENT_EXCHANGES,
};

const webEvents: Operation = {
  ...shared,
  path: "/v1/web/events",
  id: "appizerTrackWebEvents",
  summary: "Track events of a web page",
  description:
    "What the Web SDK sends: one event, or up to 50 as `events`. There is no key; the page's origin must be among the app's allowed origins. Of several events each is judged by itself.",
  security: ["body"],
  headers: [
    {
      name: "Origin",
      description: "Where the page is from; browsers send it by themselves",
      required: true,
      example: EXAMPLE.origin,
    },
    { ...IDEMPOTENCY_KEY, description: `${IDEMPOTENCY_KEY.description}. Only with a single event` },
  ],
  body: { [JSON_BODY]: "AppizerWebRequest" },
  answers: {
    200: {
      description: "The event is stored, now or before; of several, what became of each",
      body: { [JSON_BODY]: "AppizerWebAnswer" },
    },
    400: INVALID,
    403: error("The page's origin may not send events of this app"),
    409: CONFLICT,
    429: error("Too many requests: 10 a second for each client address, unless configured otherwise"),
    500: DEFECT,
    503: OVERLOADED,
  },
  exchanges: WEB_EXCHANGES,
};

/** The API for backends and, through the Web SDK, for pages. */
export const APPIZER: Section = {
  tag: TAG,
  description: "For backends, by key, and for web pages, by origin. Events of users; they never change a device.",
  schemas: {
    AppizerEvent: EVENT_SCHEMA,
    AppizerWebRequest: Type.Union([WEB_EVENT_SCHEMA, WEB_BATCH_SCHEMA]),
    AppizerTracked: TRACKED_SCHEMA,
    AppizerWebAnswer: Type.Union([TRACKED_SCHEMA, BATCH_ANSWER_SCHEMA]),
    AppizerError: ERROR_SCHEMA,
  },
  operations: [events, webEvents],
};
