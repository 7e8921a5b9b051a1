import type { BodyFault } from "./body-fault.ts";
import { mayHoldLoneSurrogate, shown } from "./text.ts";

/** Levels of nesting a top-level value may have; the value itself is the first, arrays count (http.md). */
export const MAX_DEPTH = 16;

// Keys that JavaScript gives a meaning of its own: refused wherever they stand, so that no later code
// that copies or merges objects can be led astray (prototype pollution).
const FORBIDDEN_KEYS: ReadonlySet<string> = new Set(["__proto__", "constructor", "prototype"]);

/** What is wrong within one top-level field of an otherwise readable body. */
export interface FieldProblem {
  /** The top-level field, or null where the body's own keys are at fault. */
  readonly field: string | null;
  readonly kind: "reserved" | "too_deep";
  /** Complete but for the subject: "contains the reserved key …". */
  readonly message: string;
}

/** A body that could be read: its fields, with whatever the walk over them found. */
export interface ReadBody {
  readonly ok: true;
  readonly body: Readonly<Record<string, unknown>>;
  /** For every top-level field holding an object or array: the keys within it, nested ones counted. */
  readonly keyCounts: ReadonlyMap<string, number>;
  /** At most one a field, the body's own first, then in the order of the body. */
  readonly problems: readonly FieldProblem[];
}

export type JsonReading = ReadBody | { readonly ok: false; readonly fault: BodyFault };

interface Walk {
  readonly checkSurrogates: boolean;
  keys: number;
  tooDeep: boolean;
  reservedKey: string | null;
  malformed: string | null;
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Reads a JSON object strictly (http.md, "JSON is read strictly"; RFC 8259, RFC 7493): one native parse and
 * one walk that goes no deeper than 16 levels, whatever the body holds.
 *
 * A fault of the body as a whole: `malformed` for invalid UTF-8, a BOM, a syntax error, a lone surrogate or
 * a number beyond a double; `not_object` for any other JSON value. Forbidden keys and too deep nesting are
 * told per top-level field, all of them, beside the body. Of two equal keys the last counts; the first is
 * not examined.
 *
 * @param bytes the body, after inflation; its size is the caller's to limit
 */
export function readStrictJson(bytes: Uint8Array): JsonReading {
  let text: string;
  try {
    text = utf8.decode(bytes);
  } catch {
    return malformed("body is not valid UTF-8");
  }
  if (text.length === 0) return malformed("body is empty; send a JSON object");
  if (text.charCodeAt(0) === 0xfeff) return malformed("body starts with a byte order mark; send UTF-8 without one");
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return malformed(`body is not valid JSON${syntaxHint(error)}`);
  }
  if (!isJsonObject(value)) {
    return { ok: false, fault: { kind: "not_object", message: `body is ${shown(value)}; send a JSON object` } };
  }
  return examine(value, mayHoldLoneSurrogate(text));
}

/** Whether a parsed JSON value is an object (neither null nor an array). */
export function isJsonObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * The walk of `readStrictJson` alone, for an object within a body that counts as a body of its own; surrogates are
 * looked for only where `checkSurrogates`.
 */
export function examine(body: Record<string, unknown>, checkSurrogates: boolean): JsonReading {
  const keyCounts = new Map<string, number>();
  const problems: FieldProblem[] = [];
  const walk: Walk = { checkSurrogates, keys: 0, tooDeep: false, reservedKey: null, malformed: null };
  for (const field of Object.keys(body)) {
    walk.keys = 0;
    walk.tooDeep = false;
    walk.reservedKey = null;
    const value = body[field];
    visit(value, 1, walk);
    if (checkSurrogates && !field.isWellFormed()) walk.malformed ??= LONE_SURROGATE;
    if (walk.malformed !== null) return malformed(`body is malformed at ${shown(field)}: ${walk.malformed}`);
    if (typeof value === "object" && value !== null) keyCounts.set(field, walk.keys);
    if (FORBIDDEN_KEYS.has(field)) addBodyProblem(problems, field);
    else if (walk.reservedKey !== null) problems.push({ field, kind: "reserved", message: reserved(walk.reservedKey) });
    else if (walk.tooDeep) problems.push({ field, kind: "too_deep", message: TOO_DEEP });
  }
  return { ok: true, body, keyCounts, problems };
}

/** Visits a value that is nested at `level`; recursion ends at `MAX_DEPTH`, so the stack cannot overflow. */
function visit(value: unknown, level: number, walk: Walk): void {
  if (typeof value === "string") {
    if (walk.checkSurrogates && !value.isWellFormed()) walk.malformed ??= LONE_SURROGATE;
  } else if (typeof value === "number") {
    if (!Number.isFinite(value)) walk.malformed ??= NOT_A_DOUBLE;
  } else if (typeof value === "object" && value !== null) {
    if (level > MAX_DEPTH) walk.tooDeep = true;
    else if (Array.isArray(value)) for (const element of value) visit(element, level + 1, walk);
    else visitObject(value as Record<string, unknown>, level, walk);
  }
}

function visitObject(value: Record<string, unknown>, level: number, walk: Walk): void {
  const keys = Object.keys(value);
  walk.keys += keys.length;
  for (const key of keys) {
    if (FORBIDDEN_KEYS.has(key)) walk.reservedKey ??= key;
    if (walk.checkSurrogates && !key.isWellFormed()) walk.malformed ??= LONE_SURROGATE;
    visit(value[key], level + 1, walk);
  }
}

const LONE_SURROGATE = "a string or key contains a lone surrogate, which is not Unicode text";
const NOT_A_DOUBLE = "a number is beyond the range of a double (about 1.8e308)";
const TOO_DEEP = `is nested more than ${MAX_DEPTH} levels deep, the most that is accepted`;

function reserved(key: string): string {
  return `contains the key "${key}", which is reserved; rename it`;
}

function addBodyProblem(problems: FieldProblem[], key: string): void {
  if (problems[0]?.field === null) return;
  problems.unshift({ field: null, kind: "reserved", message: reserved(key) });
}

/** V8's reason without the excerpt of the body that it appends, which may hold a key. */
function syntaxHint(error: unknown): string {
  if (!(error instanceof SyntaxError)) return "";
  const reason = error.message.replace(/, (?:\.\.\.)?".*is not valid JSON$/s, "");
  return `: ${reason}`;
}

function malformed(message: string): JsonReading {
  return { ok: false, fault: { kind: "malformed", message } };
}
