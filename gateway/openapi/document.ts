import { ALTCRAFT } from "./altcraft.ts";
import { APPIZER } from "./appizer.ts";
import { HEALTH } from "./health.ts";
import {
  type Answer,
  type Exchange,
  JSON_BODY,
  type Operation,
  SECURITY_SCHEMES,
  type Section,
  XML_BODY,
} from "./operation.ts";
import { PUSHENGAGE } from "./pushengage.ts";
import { SMARTAPPPUSH } from "./smartapppush.ts";

/** Everything public, in the order of the page. */
export const SECTIONS: readonly Section[] = [SMARTAPPPUSH, PUSHENGAGE, APPIZER, ALTCRAFT, HEALTH];

/** Of the API as it is described, not of the program. */
const API_VERSION = "1.0.0";
const REQUEST_ID = { $ref: "#/components/headers/RequestId" };
const RETRY_AFTER = { $ref: "#/components/headers/RetryAfter" };

/** The OpenAPI 3.1 document of the public endpoints, made of the schemas that stand beside their parsers. */
export function openApiDocument() {
  return {
    openapi: "3.1.1",
    info: {
      title: "Carillon",
      version: API_VERSION,
      summary: "Events in, profiles, devices and push attribution out",
      description:
        "Four published APIs in front of one core. JSON is UTF-8, 64 KB at most, and read strictly; `Content-Encoding: gzip` is accepted. Fields that an endpoint does not know are ignored. Every answer carries `X-Request-Id`: the request's own, if it has one.",
      license: { name: "Apache License 2.0", identifier: "Apache-2.0" },
    },
    // Relative: whichever host the document is read from (OpenAPI 3.1, Server Object).
    servers: [{ url: "/", description: "This server" }],
    tags: SECTIONS.map(({ tag, description }) => ({ name: tag, description })),
    paths: Object.fromEntries(
      SECTIONS.flatMap(({ operations }) =>
        operations.map((operation) => [operation.path, { [operation.method]: operationObject(operation) }]),
      ),
    ),
    components: {
      schemas: Object.assign({}, ...SECTIONS.map(({ schemas }) => schemas)) as Section["schemas"],
      headers: {
        RequestId: {
          description: "The request's `X-Request-Id`, where it is 1 to 128 visible ASCII characters, else a new one",
          schema: { type: "string" },
        },
        RetryAfter: {
          description: "Whole seconds after which the request may be sent again",
          schema: { type: "integer", minimum: 1 },
        },
      },
      securitySchemes: SECURITY_SCHEMES,
    },
  };
}

function operationObject(operation: Operation) {
  const { id, tag, summary, description, headers, security } = operation;
  return {
    operationId: id,
    tags: [tag],
    summary,
    description,
    security: security.map((scheme) => (scheme === "body" ? {} : { [scheme]: [] })),
    ...(headers.length > 0 && {
      parameters: headers.map((header) => ({ ...header, in: "header", schema: { type: "string" } })),
    }),
    ...(operation.method === "post" && { requestBody: requestBody(operation) }),
    responses: Object.fromEntries(
      Object.entries(operation.answers).map(([status, answer]) => [
        status,
        response(
          answer,
          Number(status),
          operation.exchanges.filter((exchange) => exchange.status === Number(status)),
        ),
      ]),
    ),
  };
}

function requestBody({ body, exchanges }: Operation) {
  const sent = (type: string) =>
    exchanges.filter(
      ({ contentType, status, isWrong }) => (contentType ?? JSON_BODY) === type && status === 200 && !isWrong,
    );
  const examples = (type: string) => examplesObject(sent(type), ({ request }) => request);
  return { required: true, content: contentObject(body, examples) };
}

function response({ description, body }: Answer, status: number, exchanges: readonly Exchange[]) {
  const answered = (type: string) => exchanges.filter(({ contentType }) => (contentType ?? JSON_BODY) === type);
  const isLater = status === 429 || status === 503;
  return {
    description,
    headers: { "X-Request-Id": REQUEST_ID, ...(isLater && { "Retry-After": RETRY_AFTER }) },
    content: contentObject(body, (type) => examplesObject(answered(type), ({ answer }) => answer)),
  };
}

function contentObject(body: Readonly<Record<string, string>>, examples: (type: string) => object) {
  return Object.fromEntries(
    Object.entries(body).map(([type, schema]) => {
      const reference = { $ref: `#/components/schemas/${schema}` };
      // Both formats have one schema; the root element's name is all that XML adds.
      return [
        type,
        { schema: type === XML_BODY ? { ...reference, xml: { name: "xml" } } : reference, ...examples(type) },
      ];
    }),
  );
}

function examplesObject(exchanges: readonly Exchange[], value: (exchange: Exchange) => unknown) {
  if (exchanges.length === 0) return {};
  const entries = exchanges.map((exchange) => [exchange.name, { summary: exchange.summary, value: value(exchange) }]);
  return { examples: Object.fromEntries(entries) };
}
