import { SECTIONS } from "../../gateway/openapi/document.ts";
import { EXAMPLE, JSON_BODY, type Operation, XML_BODY } from "../../gateway/openapi/operation.ts";
import { damaged, encoded } from "./byte-mutations.ts";
import type { Dice } from "./dice.ts";
import type { Credentials, RequestInput } from "./input.ts";
import { anyValue, mutatedObject } from "./json-mutations.ts";

interface Published {
  readonly operation: Operation;
  /** Names of all fields that its schema knows. */
  readonly names: readonly string[];
}

const PUBLISHED: readonly Published[] = SECTIONS.flatMap(({ operations, schemas }) =>
  operations.map((operation) => {
    const names = fieldsOf(schemas[operation.body[JSON_BODY] ?? ""]);
    return { operation, names: [...names, "unknown", "__proto__", "toString"] };
  }),
);

/** Names of the fields of a schema, or of all that it may be. */
function fieldsOf(schema: object | undefined): readonly string[] {
  const { properties = {}, anyOf = [] } = (schema ?? {}) as { properties?: object; anyOf?: readonly object[] };
  return [...Object.keys(properties), ...anyOf.flatMap(fieldsOf)];
}

const CONTENT_TYPES = [
  ...[
    "text/plain",
    "application/json; charset=utf-8",
    "application/json;charset=utf-16",
    "application/xml",
    "text/xml",
  ],
  ...[
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "application/json; ;=",
    "json",
    "",
    "*/*",
  ],
  ...[
    'application/json; charset="UTF-8"',
    "application/octet-stream",
    "application/grpc-web+proto",
    "application/proto",
  ],
];
const ODD_HEADERS: readonly (readonly [name: string, values: readonly string[]])[] = [
  ["x-request-id", ["r-1", "", " ", "x".repeat(129), "\u00e9", "a b"]],
  ["idempotency-key", ["k-1", "k-2", "", "x".repeat(256), "\u00e9", "a b", "k".repeat(255)]],
  ["authorization", ["Bearer", "Bearer ", "Basic eDp5", "bearer x y", "Bearer \u00e9", `Bearer ${"x".repeat(5_000)}`]],
  ["api-key", ["", " ", "\u00e9", "x".repeat(5_000)]],
  ["origin", ["http://localhost:1", "null", "https://evil.example", "http://localhost:1.evil.example", "::", ""]],
  ["accept", ["application/xml", "text/xml;q=0.1, application/json", ";;q=9,,", "*/*;q=nan", "x".repeat(2_000)]],
  ["access-control-request-headers", ["a, b", "a b;", "x".repeat(2_000)]],
  ["access-control-request-method", ["POST", ""]],
  ["x-forwarded-for", ["", "1", "unknown", "[::1]:80", "1.1.1.1, 2.2.2.2", ",".repeat(500), "::ffff:1.2.3.4"]],
  ["if-none-match", ['"x"', "*", ""]],
  ["accept-encoding", ["gzip", "gzip;q=0", "br"]],
  ["content-length", ["5"]],
  ["expect", ["wonders"]],
];
const METHODS = ["GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND", "QUERY", "LOCK"];
const PATHS = [
  ...["/", "//", "/events/", "/Events", "/events%2f", "/%zz", "/events/..", "/v1/", "/v1/x", "/api/v1/", "/api/v1.1/x"],
  ...[
    "/docs",
    "/openapi.json",
    "/sdk/web.js",
    "/healthz",
    "/readyz",
    "/metrics",
    "/carillon.",
    "/*",
    `/${"x".repeat(9_000)}`,
  ],
  ...["/carillon.ingestion.v1.IngestionService/IngestEvents", "/grpc.health.v1.Health/Check", "/events/validate/"],
];

/** A request to one of the published endpoints, like one of its examples and mostly wrong somewhere. */
export function surfaceInput(credentials: Credentials, dice: Dice): RequestInput {
  const { operation, names } = dice.pick(PUBLISHED);
  const exchange = dice.pick(operation.exchanges);
  const withKeys = (text: string) => replaceCredentials(text, credentials);
  let type = exchange.contentType ?? JSON_BODY;
  let body = withKeys(bodyLike(exchange.request, names, { type, dice }));
  if (operation.body[XML_BODY] !== undefined && dice.chance(10)) {
    type = XML_BODY;
    body = withKeys(hostileXml(dice));
  }
  const headers: Record<string, string> = {
    ...Object.fromEntries(
      Object.entries(exchange.headers ?? {}).map(([name, value]) => [name.toLowerCase(), withKeys(value)]),
    ),
    "content-type": dice.chance(8) ? dice.pick(CONTENT_TYPES) : type,
    "x-forwarded-for": dice.chance(5) ? "192.0.2.1" : `10.${dice.below(256)}.${dice.below(256)}.${dice.below(256)}`,
  };
  if (headers.origin !== undefined) headers.origin = "http://localhost:3000";
  while (dice.chance(15)) {
    const [name, values] = dice.pick(ODD_HEADERS);
    headers[name] = dice.pick(values);
  }
  // Far more than is accepted tells no more than a little more does.
  let bytes: Buffer = Buffer.from(body).subarray(0, 200_000);
  if (dice.chance(10)) bytes = damaged(bytes, dice);
  if (dice.chance(2)) bytes = Buffer.concat([bytes, Buffer.alloc(70_000, 0x20)]);
  if (dice.chance(15)) ({ encoding: headers["content-encoding"], body: bytes } = encoded(bytes, dice));
  const method = dice.chance(4) ? dice.pick(METHODS) : operation.method.toUpperCase();
  const isElsewhere = dice.chance(3);
  const path = isElsewhere ? dice.pick(PATHS) : `${operation.path}${dice.chance(3) ? "?x=1&%zz" : ""}`;
  return { kind: "request", method, path, headers, body: bytes, ...(!isElsewhere && { operation }) };
}

function bodyLike(
  example: unknown,
  names: readonly string[],
  { type, dice }: { readonly type: string; readonly dice: Dice },
): string {
  if (typeof example === "string") return type === XML_BODY ? example : JSON.stringify(example);
  if (example === undefined || dice.chance(4)) return anyValue(dice);
  if (dice.chance(10)) return JSON.stringify(example);
  return mutatedObject(example as object, names, dice);
}

function hostileXml(dice: Dice): string {
  const fields = [
    "<token>YOUR_SERVER_KEY</token>",
    `<events>${dice.pick(["1", "2", "3", "4", "", "&#49;", "&x;", "<a/>", "1<!-- -->"])}</events>`,
    `<uid>${dice.pick(["e|1|2|3", "u", "", "&amp;", "&#0;", "&#xD800;", "&#x110000;", "<![CDATA[e|1|2|3]]>"])}</uid>`,
    dice.pick(["<__proto__>x</__proto__>", "<a>".repeat(40), `<a ${'b="c" '.repeat(50)}/>`, "<uid>twice</uid>", ""]),
  ];
  const prolog = dice.pick([
    "",
    '<?xml version="1.0"?>',
    '<?xml version="1.0" encoding="UTF-16"?>',
    '<!DOCTYPE xml [<!ENTITY x "y">]>',
    '<!DOCTYPE xml [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
    '<!DOCTYPE l [<!ENTITY a "aaaa"><!ENTITY x "&a;&a;&a;&a;">]>',
    "<?php ?>",
  ]);
  const [open, close] = dice.pick([
    ["<xml>", "</xml>"],
    ["<xml>", ""],
    ["<a>", "</xml>"],
    ["<xml xmlns='x'>", "</xml>"],
  ]);
  return `${prolog}${open}${fields.join("")}${close}`;
}

function replaceCredentials(text: string, credentials: Credentials): string {
  return text
    .replaceAll(EXAMPLE.apiKey, credentials.api_key)
    .replaceAll(EXAMPLE.serverKey, credentials.server_key)
    .replaceAll(EXAMPLE.appId, credentials.app_id);
}
