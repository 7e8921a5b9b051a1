import { isJsonObject } from "../../body/strict-json.ts";
import type { FieldReader } from "./field-reader.ts";
import { MAX_PROPERTIES_BYTES, MAX_PROPERTIES_KEYS } from "./schemas.ts";

/** `params` and `context` of an event, each also as the JSON in which it is stored. */
export interface EventProperties {
  readonly params: object;
  readonly paramsJson: string;
  readonly context: object;
  readonly contextJson: string;
}

interface Properties {
  readonly value: object;
  readonly json: string;
  /** Whether the field has an error already. */
  readonly failed: boolean;
}

type PropertiesField = "params" | "context";

const ABSENT: Properties = { value: Object.freeze({}), json: "{}", failed: false };
const FAILED: Properties = { ...ABSENT, failed: true };
/** A UTF-16 unit takes at most this many bytes of UTF-8. */
const MAX_BYTES_PER_UNIT = 3;

/**
 * Reads `params` and `context`: objects of at most 256 keys each, nested ones counted, and of at most 32 KB of
 * UTF-8 together. Beyond that the error names the larger one (`params` where both are equal).
 */
export function readEventProperties(fields: FieldReader): EventProperties {
  const params = readProperties(fields, "params");
  const context = readProperties(fields, "context");
  if ((params.json.length + context.json.length) * MAX_BYTES_PER_UNIT > MAX_PROPERTIES_BYTES) {
    checkSize(fields, params, context);
  }
  return { params: params.value, paramsJson: params.json, context: context.value, contextJson: context.json };
}

function readProperties(fields: FieldReader, field: PropertiesField): Properties {
  const value = fields.body[field];
  if (value === undefined || value === null) return ABSENT;
  // What strict reading refused may be nested deeper than a serializer's stack.
  if (fields.failsAlready(field)) return FAILED;
  if (!isJsonObject(value)) {
    fields.invalidType(field, "an object, or leave it out");
    return FAILED;
  }
  const keys = fields.keyCounts.get(field) ?? 0;
  if (keys > MAX_PROPERTIES_KEYS) {
    const limits = `has ${keys} keys, nested ones counted; at most ${MAX_PROPERTIES_KEYS} are accepted`;
    fields.fail(field, "too_large", `${field} ${limits}`);
  }
  return { value, json: JSON.stringify(value), failed: keys > MAX_PROPERTIES_KEYS };
}

function checkSize(fields: FieldReader, params: Properties, context: Properties): void {
  const paramsBytes = byteLength(params);
  const contextBytes = byteLength(context);
  const bytes = paramsBytes + contextBytes;
  if (bytes <= MAX_PROPERTIES_BYTES) return;
  const [field, larger]: [PropertiesField, Properties] =
    paramsBytes >= contextBytes ? ["params", params] : ["context", context];
  if (larger.failed) return;
  const own = Math.max(paramsBytes, contextBytes);
  const sizes = `is ${own} bytes, together with ${field === "params" ? "context" : "params"} ${bytes} bytes`;
  fields.fail(field, "too_large", `${field} ${sizes}; at most ${MAX_PROPERTIES_BYTES} are accepted together`);
}

/** Bytes of UTF-8 that count toward the limit: none for a field that is not there. */
function byteLength(properties: Properties): number {
  return properties === ABSENT || properties === FAILED ? 0 : Buffer.byteLength(properties.json);
}
