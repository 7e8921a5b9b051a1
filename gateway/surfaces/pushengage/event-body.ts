import type { JsonReading, ReadBody } from "../../body/strict-json.ts";
import { countCharacters, excerpt, hasControlCharacter, isLongerThan, shown } from "../../body/text.ts";
import { ANONYMOUS_PREFIX } from "../../event/fingerprint.ts";
import type { ServerEvent } from "../server-event.ts";
import type { Problem } from "./errors.ts";
import { readEventData } from "./event-data.ts";
import { MAX_EVENT_NAME_CHARACTERS, MAX_USER_ID_CHARACTERS } from "./schemas.ts";

const OWN_EVENTS_PREFIX = "PushEngage.";
const SHA256_HEX = /^[0-9a-f]{64}$/i;
/** Problems told of one request: a body of 64 KB could have thousands. */
const MAX_PROBLEMS = 256;

/** What the body of `POST /api/v1/events` says. */
export type PushEngageEvent = Pick<ServerEvent, "about" | "eventName" | "paramsJson" | "body">;

export type PushEngageReading =
  | { readonly ok: true; readonly event: PushEngageEvent }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** Reads the body of `POST /api/v1/events` (http.md, PushEngage): the event, or everything that is wrong with it. */
export function readEventBody(reading: JsonReading): PushEngageReading {
  if (!reading.ok) return { ok: false, problems: [{ message: reading.fault.message, path: [] }] };
  const fields = new Fields(reading);
  const eventName = readEventName(fields);
  const about = readAbout(fields);
  const paramsJson = readEventData(fields.value("data"), fields.problems);
  fields.failUnread();
  if (fields.problems.length > 0) return { ok: false, problems: fields.problems.slice(0, MAX_PROBLEMS) };
  return { ok: true, event: { about, eventName, paramsJson, body: reading.body } };
}

function readEventName(fields: Fields): string {
  const name = fields.text("event_name");
  if (name === undefined) return fields.fail("event_name", "event_name is required");
  if (isLongerThan(name, MAX_EVENT_NAME_CHARACTERS)) return fields.tooLong("event_name", MAX_EVENT_NAME_CHARACTERS);
  if (name.startsWith(OWN_EVENTS_PREFIX)) {
    return fields.fail("event_name", `event_name must not start with "${OWN_EVENTS_PREFIX}", but is ${shown(name)}`);
  }
  if (!hasControlCharacter(name)) return name;
  return fields.fail("event_name", `event_name must not contain control characters, but is ${shown(name)}`);
}

/** Whom the event is about: `profile_id` where it is there, whatever the hash beside it is. */
function readAbout(fields: Fields): ServerEvent["about"] {
  if (isAbsent(fields.value("profile_id"))) return { deviceTokenHash: readTokenHash(fields) };
  const id = fields.text("profile_id") ?? "";
  if (isLongerThan(id, MAX_USER_ID_CHARACTERS)) fields.tooLong("profile_id", MAX_USER_ID_CHARACTERS);
  else if (id.startsWith(ANONYMOUS_PREFIX)) {
    fields.fail("profile_id", `profile_id must not start with "${ANONYMOUS_PREFIX}", but is ${shown(id)}`);
  }
  return { appUserId: id };
}

function readTokenHash(fields: Fields): string {
  const hash = fields.text("device_token_hash");
  if (hash === undefined) {
    // One of the two is missing, and `profile_id` is the one that counts where both are there.
    return fields.fail("profile_id", "profile_id is required without device_token_hash");
  }
  if (hash === "" || SHA256_HEX.test(hash)) return hash.toLowerCase();
  const expected = "the SHA-256 of the device token in 64 hexadecimal digits";
  return fields.fail("device_token_hash", `device_token_hash must be ${expected}, but is ${shown(hash)}`);
}

function isAbsent(value: unknown): boolean {
  return value === undefined || value === null || value === "";
}

/** The fields of one body and what is wrong with them, at most one problem each but for those of `data`. */
class Fields {
  readonly problems: Problem[] = [];
  readonly #reading: ReadBody;

  constructor(reading: ReadBody) {
    this.#reading = reading;
    for (const { field, message } of reading.problems) {
      if (field === null) this.problems.push({ message: `body ${message}`, path: [] });
    }
  }

  /** The value of a field; undefined where strict reading found fault with it, which is then told. */
  value(field: string): unknown {
    return this.#tellFault(field) ? undefined : this.#reading.body[field];
  }

  /** A text that is there; undefined where it is absent, null or empty; empty where it has been found at fault. */
  text(field: string): string | undefined {
    const value = this.#reading.body[field];
    if (isAbsent(value)) return undefined;
    if (typeof value === "string") return value;
    if (this.#tellFault(field)) return "";
    return this.fail(field, `${field} must be a string, but is ${shown(value)}`);
  }

  fail(field: string, message: string): "" {
    this.problems.push({ message, path: [field] });
    return "";
  }

  tooLong(field: string, limit: number): "" {
    const text = this.#reading.body[field] as string;
    const sizes = `must have at most ${limit} characters, but ${shown(text)} has ${countCharacters(text)}`;
    return this.fail(field, `${field} ${sizes}`);
  }

  /** What breaks the rules for all JSON in fields that nothing else looked at: the event's identity is made of them too. */
  failUnread(): void {
    for (const { field } of this.#reading.problems) {
      if (this.problems.length >= MAX_PROBLEMS) return;
      if (field !== null) this.#tellFault(field);
    }
  }

  #tellFault(field: string): boolean {
    const problem = this.#reading.problems.find((candidate) => candidate.field === field);
    if (problem === undefined) return false;
    const name = excerpt(field);
    const message = `${name} ${problem.message}`;
    if (!this.problems.some((told) => told.message === message)) this.fail(name, message);
    return true;
  }
}
