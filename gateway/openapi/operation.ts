import type { TSchema } from "typebox";

/** Everything that the OpenAPI document says of one method of one path. */
export interface Operation {
  readonly path: string;
  readonly method: "get" | "post";
  readonly id: string;
  readonly tag: string;
  readonly summary: string;
  /** CommonMark. */
  readonly description: string;
  /** Ways to authenticate, any one of which will do; none where nothing is needed. */
  readonly security: readonly (keyof typeof SECURITY_SCHEMES | "body")[];
  readonly headers: readonly RequestHeader[];
  /** Names of the schemas of the body, by media type; none for GET. */
  readonly body: Readonly<Record<string, string>>;
  readonly answers: Readonly<Record<number, Answer>>;
  readonly exchanges: readonly Exchange[];
}

export interface RequestHeader {
  readonly name: string;
  readonly description: string;
  readonly required: boolean;
  readonly example?: string;
}

/** What a status means here. */
export interface Answer {
  readonly description: string;
  /** Name of the schema of the body, by media type. */
  readonly body: Readonly<Record<string, string>>;
}

/**
 * A request and its answer, both exactly as they go over the wire: examples of the document, which a test sends to a
 * real gateway. Bodies that are texts go as they are, others as JSON.
 */
export interface Exchange {
  /** Within its operation; a key of `examples`. */
  readonly name: string;
  readonly summary: string;
  /** What is going on besides; nothing where absent. */
  readonly given?: "over the limit" | "stored before" | "overloaded";
  readonly headers?: Readonly<Record<string, string>>;
  /** JSON where absent. */
  readonly contentType?: string;
  /** Whether the request is wrong on purpose: then only its answer is an example. */
  readonly isWrong?: true;
  readonly request?: unknown;
  readonly status: number;
  readonly answer: unknown;
}

/** Part of the document: one published API. */
export interface Section {
  readonly tag: string;
  /** CommonMark. */
  readonly description: string;
  /** Schemas by name, unique in the document. */
  readonly schemas: Readonly<Record<string, TSchema>>;
  readonly operations: readonly Operation[];
}

/** Ways to authenticate besides the body. */
export const SECURITY_SCHEMES = {
  apiKeyHeader: { type: "apiKey", in: "header", name: "Api-Key", description: "A server key of the app" },
  bearer: { type: "http", scheme: "bearer", description: "A server key of the app" },
} as const;

export const JSON_BODY = "application/json";
export const XML_BODY = "application/xml";

/** The credentials that examples are sent with. */
export const EXAMPLE = {
  tenantId: "demo",
  appId: "YOUR_APP_ID",
  apiKey: "YOUR_API_KEY",
  serverKey: "YOUR_SERVER_KEY",
  origin: "https://shop.example",
} as const;

/** A repeatable request, on endpoints whose bodies have no time. */
export const IDEMPOTENCY_KEY: RequestHeader = {
  name: "Idempotency-Key",
  description:
    "1 to 255 visible ASCII characters. The same key with the same body within 24 hours is the same event, with another body an error. Without a key every request is another event",
  required: false,
};
