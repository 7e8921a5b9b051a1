import { readStrictJson } from "../../../../../gateway/body/strict-json.ts";
import type { FieldError } from "../../../../../gateway/surfaces/smartapppush/errors.ts";
import { type ParsedEvent, parseEvent } from "../../../../../gateway/surfaces/smartapppush/event-body.ts";
import { eventBody } from "./bodies.ts";

/** Parses a body given as text. */
export const parseText = (text: string) => parseEvent(readStrictJson(Buffer.from(text)));
/** Parses the example event with `changes`. */
export const parse = (changes: Record<string, unknown>) => parseText(JSON.stringify(eventBody(changes)));

/** The example event with `changes`, which must be accepted. */
export function accepted(changes: Record<string, unknown>): ParsedEvent {
  const parsed = parse(changes);
  if (!parsed.ok) throw new Error(`expected an event, got ${JSON.stringify(parsed.errors)}`);
  return parsed.value;
}

/** Every error of the example event with `changes`. */
export function errors(changes: Record<string, unknown>): readonly FieldError[] {
  const parsed = parse(changes);
  return parsed.ok ? [] : parsed.errors;
}

/** Field and code of every error: "event_time invalid_format". */
export const codes = (changes: Record<string, unknown>) => errors(changes).map(({ field, code }) => `${field} ${code}`);
/** The message of the first error. */
export const message = (changes: Record<string, unknown>) => errors(changes)[0]?.message ?? "accepted";
