import { Ajv2020 } from "ajv/dist/2020.js";
import { openApiDocument } from "../../gateway/openapi/document.ts";
import { JSON_BODY, type Operation, XML_BODY } from "../../gateway/openapi/operation.ts";
import type { RequestInput } from "./input.ts";
import type { HttpAnswer } from "./send.ts";

const ajv = new Ajv2020({ strict: false, validateFormats: false });
ajv.addSchema(openApiDocument(), "openapi");
const XML_ANSWER = /^<xml><error>\d+<\/error><error_text>[^<]*<\/error_text><\/xml>$/;
/** Whose words a path gets that nothing is served at, and the schema of its errors; the longest prefix decides. */
const ERROR_SCHEMAS: readonly (readonly [prefix: string, schema: string])[] = [
  ["/api/v1.1/", "AltcraftAnswer"],
  ["/api/v1/", "PushEngageError"],
  ["/v1/", "AppizerError"],
  ["/", "Errors"],
];
/** Codes of Connect and gRPC for what is the server's own fault. */
const FAULTS: readonly (string | undefined)[] = ["unknown", "internal", "data_loss", "2", "13", "15"];
/** What both call internal although the caller is to blame: messages and envelopes that cannot be read. */
const UNREADABLE = /parse(?: |%20)binary|received(?: |%20)compressed(?: |%20)envelope/;
/** Statuses that Connect has for what its callers did: an unknown compression, and a deadline of their own. */
const CALLERS_STATUSES: Readonly<Record<number, string>> = { 501: "unimplemented", 504: "deadline_exceeded" };

/** What is wrong with an answer, whatever was asked; undefined where nothing is. */
export function faultOf(input: RequestInput, answer: HttpAnswer): string | undefined {
  const { status, headers } = answer;
  const isCall = input.path.startsWith("/carillon.");
  if (status >= 500 && status !== 503 && !(isCall && status in CALLERS_STATUSES)) return "an error of the server";
  if (headers["x-request-id"] === undefined) return "no X-Request-Id";
  if ((status === 429 || status === 503) && !/^[1-9]\d*$/.test(headers["retry-after"] ?? "")) return "no Retry-After";
  if (status === 405 && headers.allow === undefined) return "no Allow";
  if (input.method === "HEAD" || status === 204 || status === 304) {
    return answer.body.length === 0 ? undefined : "a body where there can be none";
  }
  // What did not arrive in full belongs to no surface.
  if (status === 408) return jsonFault(answer.body, "Errors");
  if (isCall) return operatorFault(answer);
  if (status === 404 || status === 405 || input.operation === undefined || input.method === "OPTIONS")
    return unservedFault(input.path, answer);
  return publishedFault(input.operation, answer);
}

function publishedFault({ answers }: Operation, { status, headers, body }: HttpAnswer): string | undefined {
  const documented = answers[status];
  if (documented === undefined) return `status ${status} is not documented`;
  const type = headers["content-type"]?.split(";")[0] ?? "";
  const schema = documented.body[type];
  if (schema === undefined) return `Content-Type ${type} is not documented`;
  return type === XML_BODY ? xmlFault(body) : jsonFault(body, schema);
}

function unservedFault(path: string, { status, headers, body }: HttpAnswer): string | undefined {
  if (status < 400) return undefined;
  if (headers["content-type"]?.startsWith(XML_BODY)) return xmlFault(body);
  const [, schema = ""] = ERROR_SCHEMAS.find(([prefix]) => path.startsWith(prefix)) ?? [];
  return jsonFault(body, schema);
}

function xmlFault(body: Buffer): string | undefined {
  return XML_ANSWER.test(body.toString()) ? undefined : "XML that is not as documented";
}

function jsonFault(body: Buffer, schema: string): string | undefined {
  const validate = ajv.getSchema(`openapi#/components/schemas/${schema}`);
  if (validate === undefined) throw new Error(`there is no schema ${schema}`);
  let value: unknown;
  try {
    value = JSON.parse(body.toString());
  } catch {
    return "no JSON";
  }
  return validate(value) ? undefined : `not a ${schema}: ${ajv.errorsText(validate.errors)}`;
}

/** Of Connect and gRPC, whose streams are answered with 200 and tell their error at their end. */
function operatorFault({ status, headers, trailers, body }: HttpAnswer): string | undefined {
  const type = headers["content-type"] ?? "";
  const text = body.toString("latin1");
  if (type.startsWith("application/grpc")) {
    const told = headers["grpc-status"] ?? trailers["grpc-status"] ?? /grpc-status: ?(\d+)/i.exec(text)?.[1];
    if (told === undefined) return "no gRPC status";
    const message = headers["grpc-message"] ?? trailers["grpc-message"] ?? text;
    return FAULTS.includes(`${told}`) && !UNREADABLE.test(`${message}`) ? `gRPC status ${told}` : undefined;
  }
  if (type.startsWith("application/connect+")) {
    const code = /"code":"(\w+)"/.exec(text.slice(-2_000))?.[1];
    return FAULTS.includes(code) && !UNREADABLE.test(text) ? `Connect code ${code}` : undefined;
  }
  if (status === 200) return undefined;
  if (!type.startsWith(JSON_BODY)) return `an error as ${type || "nothing"}`;
  const { code } = JSON.parse(body.toString()) as { code?: string };
  if (code === undefined || FAULTS.includes(code)) return "not an error of a caller";
  return status in CALLERS_STATUSES && code !== CALLERS_STATUSES[status]
    ? `${status} with the code ${code}`
    : undefined;
}

/** What is wrong with what came back on a connection that was sent any bytes. */
export function bytesFault(answer: Buffer): string | undefined {
  const text = answer.toString("latin1");
  // HTTP/2 begins with its settings.
  if (answer.length === 0 || answer[3] === 4) return undefined;
  if (!text.startsWith("HTTP/1.1 ")) return "neither HTTP/1.1 nor HTTP/2";
  for (const [line, status] of text.matchAll(/^HTTP\/1\.1 (\d{3})/gm)) {
    if (Number(status) >= 500 && status !== "503") return `an error of the server: ${line}`;
  }
  return undefined;
}
