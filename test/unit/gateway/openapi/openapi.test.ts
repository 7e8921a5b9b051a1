import { Validator } from "@seriousme/openapi-schema-validator";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, it } from "vitest";
import { openApiDocument, SECTIONS } from "../../../../gateway/openapi/document.ts";
import type { Exchange, Operation } from "../../../../gateway/openapi/operation.ts";
import { readXmlBody } from "../../../../gateway/surfaces/altcraft/xml-body.ts";
import { send } from "./exchange-gateway.ts";

const document = openApiDocument();
const DATE_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const ajv = new Ajv2020({ strict: true, allowUnionTypes: true, formats: { uuid: UUID, "date-time": DATE_TIME } });
const validators = new Map(
  Object.entries(document.components.schemas).map(([name, schema]) => [name, ajv.compile(schema)]),
);
const operations = SECTIONS.flatMap((section) => section.operations);
const exchanges = operations.flatMap((operation) =>
  operation.exchanges.map((exchange) => ({ operation, exchange, title: `${operation.path}: ${exchange.name}` })),
);

/** What a schema says against a value; null for nothing. */
function fault(schema: string, value: unknown): unknown {
  const validate = validators.get(schema)!;
  // As it goes over the wire: without what is undefined.
  return validate(typeof value === "string" ? fieldsOf(value) : JSON.parse(JSON.stringify(value)))
    ? null
    : validate.errors;
}

/** The fields of a body in XML; the numbers that JSON has as numbers. */
function fieldsOf(xml: string): object {
  const reading = readXmlBody(Buffer.from(xml));
  if (!reading.ok) throw new Error(reading.fault.message);
  const { error, ...fields } = Object.fromEntries(reading.fields);
  return error === undefined ? fields : { ...fields, error: Number(error) };
}

function schemasOf({ body, answers }: Operation, { contentType = "application/json", status }: Exchange) {
  return { request: body[contentType], answer: answers[status]!.body[contentType]! };
}

describe("the OpenAPI document", () => {
  it("is one by the judgement of an independent validator", async () => {
    const result = await new Validator().validate(JSON.parse(JSON.stringify(document)));
    expect(result.errors).toBeUndefined();
    expect(result.valid).toBe(true);
    const broken = structuredClone(JSON.parse(JSON.stringify(document)));
    broken.paths["/events"].post.responses = [];
    expect((await new Validator().validate(broken)).valid).toBe(false);
  });

  it("refers to nothing that it does not have, and names operations and schemas once", () => {
    const text = JSON.stringify(document);
    for (const [, kind, name] of text.matchAll(/"#\/components\/(\w+)\/(\w+)"/g)) {
      expect(document.components[kind as "schemas"]).toHaveProperty(name!);
    }
    const schemas = SECTIONS.flatMap((section) => Object.keys(section.schemas));
    expect(new Set(schemas).size).toBe(schemas.length);
    expect(new Set(operations.map(({ id }) => id)).size).toBe(operations.length);
    for (const name of schemas) expect(text, name).toContain(`"#/components/schemas/${name}"`);
  });

  it("has an example of every answer but defects of ours", () => {
    for (const { path, answers, exchanges } of operations) {
      const shown = new Set(exchanges.map(({ status }) => String(status)));
      expect([...shown, ...(500 in answers ? ["500"] : [])].sort(), path).toEqual(Object.keys(answers));
    }
  });

  it.each(exchanges)("$title follows its schemas", ({ operation, exchange }) => {
    const { request, answer } = schemasOf(operation, exchange);
    if (request !== undefined && !exchange.isWrong) expect(fault(request, exchange.request)).toBeNull();
    expect(fault(answer, exchange.answer)).toBeNull();
  });

  it.each(exchanges)("$title is answered so by a gateway", async ({ operation, exchange }) => {
    const answer = await send(operation, exchange);
    const text = await answer.text();
    expect([answer.status, answer.headers.get("content-type")]).toEqual([
      exchange.status,
      `${exchange.contentType ?? "application/json"}; charset=utf-8`,
    ]);
    expect(typeof exchange.answer === "string" ? text : JSON.parse(text)).toEqual(exchange.answer);
    expect(answer.headers.get("x-request-id")).not.toBeNull();
    expect(answer.headers.has("retry-after")).toBe(exchange.status === 429 || exchange.status === 503);
  });
});
