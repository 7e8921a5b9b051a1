import { codeBlock, escaped, prose } from "./html.ts";
import type { Content, ExampleObject, JsonSchema, OpenApi, OperationObject, ParameterObject } from "./open-api.ts";
import { fieldList } from "./schema-view.ts";

/** The server that commands name until the page's script puts the page's own there. */
const PLACEHOLDER_SERVER = "http://localhost:8080";
const SERVER_KEY = "YOUR_SERVER_KEY";

export interface OperationPlace {
  readonly path: string;
  readonly method: string;
  readonly operation: OperationObject;
}

/** One endpoint as HTML. */
export function operationSection(place: OperationPlace, document: OpenApi): string {
  const { path, method, operation } = place;
  const { operationId, summary, description, requestBody, responses, parameters = [] } = operation;
  return `<section class="operation" id="${operationId}">
<h3><a href="#${operationId}">${escaped(summary)}</a></h3>
<p class="path"><span class="method ${method}">${method.toUpperCase()}</span> <code>${escaped(path)}</code></p>
<p>${prose(description)}</p>
<div class="columns"><div class="explained">
${authentication(operation, document)}
${parameters.length === 0 ? "" : `<h4>Headers</h4>${headerList(parameters)}`}
${requestBody === undefined ? "" : `<h4>Body</h4>${bodyFields(requestBody.content, document)}`}
<h4>Answers</h4>
${answers(responses, document)}
</div><div class="examples">
<h4>Examples: request</h4>
${commands(place, document)}
<h4>Examples: answer</h4>
${answerExamples(responses)}
</div></div>
</section>`;
}

function authentication({ security }: OperationObject, { components }: OpenApi): string {
  const ways = security.flatMap((way) => Object.keys(way)).map((name) => components.securitySchemes[name]!);
  if (ways.length === 0) return "";
  const headers = ways.map((way) => {
    const header = way.type === "apiKey" ? `${way.name}: …` : "Authorization: Bearer …";
    return `<code>${escaped(header)}</code>, ${escaped(way.description.toLowerCase())}`;
  });
  const isOptional = security.some((way) => Object.keys(way).length === 0);
  return `<h4>Key</h4><p>${headers.join(" or ")}${isOptional ? ", unless the body has it" : ""}</p>`;
}

function headerList(parameters: readonly ParameterObject[]): string {
  const items = parameters.map(({ name, description, required }) => {
    const mark = required ? ' <span class="required">required</span>' : "";
    return `<dt><code>${escaped(name)}</code>${mark}</dt><dd><p>${prose(description)}</p></dd>`;
  });
  return `<dl class="fields">${items.join("")}</dl>`;
}

/** All formats of a body have the same fields. */
function bodyFields(content: Content, document: OpenApi): string {
  const types = Object.keys(content);
  const formats =
    types.length > 1
      ? `<p class="formats">As ${types.map((type) => `<code>${escaped(type)}</code>`).join(" or ")}</p>`
      : "";
  return `${formats}${fieldList(resolved(Object.values(content)[0]!.schema, document))}`;
}

function answers(responses: OperationObject["responses"], document: OpenApi): string {
  const items = Object.entries(responses).map(([status, { description, content }]) => {
    const fields = bodyFields(content, document);
    return `<details><summary><span class="status s${status[0]}">${status}</span> ${prose(description)}</summary><div class="shape">${fields}</div></details>`;
  });
  return items.join("");
}

function resolved(schema: JsonSchema, { components }: OpenApi): JsonSchema {
  const name = schema.$ref?.split("/").at(-1);
  return name === undefined ? schema : components.schemas[name]!;
}

/** A command for each example of a request, or the only one where there is no body; all but the first are folded. */
function commands({ path, method, operation }: OperationPlace, document: OpenApi): string {
  const url = `${PLACEHOLDER_SERVER}${path}`;
  const { requestBody } = operation;
  if (requestBody === undefined) return codeBlock(`curl ${url}`);
  const common = [`curl -X ${method.toUpperCase()} ${url}`, ...keyHeaders(operation, document)];
  const examples = examplesOf(requestBody.content);
  return examples
    .map(({ type, summary, value }, index) => {
      const text = typeof value === "string" ? value : JSON.stringify(value, null, 2);
      const lines = [...common, `-H 'Content-Type: ${type}'`, `-d '${text.replaceAll("'", "'\\''")}'`];
      return folded(labelled(summary, type), codeBlock(lines.join(" \\\n  ")), index === 0);
    })
    .join("");
}

function keyHeaders({ security, parameters = [] }: OperationObject, { components }: OpenApi): string[] {
  const isInBody = security.some((way) => Object.keys(way).length === 0);
  const way = Object.keys(security[0] ?? {}).map((name) => components.securitySchemes[name]!)[0];
  const key =
    way === undefined || isInBody
      ? []
      : [way.type === "apiKey" ? `${way.name}: ${SERVER_KEY}` : `Authorization: Bearer ${SERVER_KEY}`];
  const sent = parameters.flatMap(({ name, required, example }) => (required ? [`${name}: ${example ?? "…"}`] : []));
  return [...key, ...sent].map((header) => `-H '${header}'`);
}

function answerExamples(responses: OperationObject["responses"]): string {
  return Object.entries(responses)
    .flatMap(([status, { content }]) => examplesOf(content).map((example) => ({ status, ...example })))
    .map(({ status, type, summary, value }, index) => {
      const text = typeof value === "string" ? value : JSON.stringify(value, null, 2);
      const label = `<span class="status s${status[0]}">${status}</span> ${labelled(summary, type)}`;
      return folded(label, codeBlock(text), index === 0);
    })
    .join("");
}

function examplesOf(content: Content): (ExampleObject & { readonly type: string })[] {
  return Object.entries(content).flatMap(([type, { examples = {} }]) =>
    Object.values(examples).map((example) => ({ type, ...example })),
  );
}

function labelled(summary: string, type: string): string {
  return `${escaped(summary)}${type.endsWith("/xml") ? " (XML)" : ""}`;
}

function folded(label: string, content: string, isOpen: boolean): string {
  return `<details${isOpen ? " open" : ""}><summary>${label}</summary>${content}</details>`;
}
