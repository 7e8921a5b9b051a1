import { isIP } from "node:net";
import { isJsonObject, type ReadBody } from "../../body/strict-json.ts";
import { countCharacters, excerpt, hasControlCharacter, isLongerThan, shown } from "../../body/text.ts";
import { ANONYMOUS_PREFIX } from "../../event/fingerprint.ts";
import { invalidField, invalidType, missingField, type Refusal, unreadableBody } from "./errors.ts";
import { MAX_EVENT_NAME_CHARACTERS, MAX_USER_AGENT_CHARACTERS, MAX_USER_ID_CHARACTERS } from "./schemas.ts";

/** Of `properties` when serialized, in bytes of UTF-8 (http.md, common rules). */
const MAX_PROPERTIES_BYTES = 32 * 1024;
/** Of `properties`, nested keys counted. */
const MAX_PROPERTIES_KEYS = 256;

/** What an event says, from a server or from a browser. */
export interface AppizerEvent {
  readonly eventName: string;
  readonly userId: string;
  readonly propertiesJson: string;
  /** Empty where there is none. */
  readonly ip: string;
  /** Empty where there is none. */
  readonly userAgent: string;
}

/** Thrown by what reads a field, where it finds the first fault; answered by {@link firstFault}. */
class FieldFault extends Error {
  readonly refusal: Refusal;

  constructor(refusal: Refusal) {
    super(refusal.code);
    this.refusal = refusal;
  }
}

export type Read<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly refusal: Refusal };

/** What `read` returns, or the first fault that it met. */
export function firstFault<T>(read: () => T): Read<T> {
  try {
    return { ok: true, value: read() };
  } catch (error) {
    if (error instanceof FieldFault) return { ok: false, refusal: error.refusal };
    throw error;
  }
}

/** Stops reading at a fault. */
export function fault(refusal: Refusal): never {
  throw new FieldFault(refusal);
}

/** Reads an event in the published order of its fields; within {@link firstFault}. */
export function readEventFields(reading: ReadBody): AppizerEvent {
  const { body, problems } = reading;
  for (const { field, message } of problems) if (field === null) fault(unreadableBody(`body ${message}`));
  const event = {
    eventName: readEventName(reading),
    userId: readUserId(reading),
    propertiesJson: readProperties(reading),
    ip: readIp(body.ip),
    userAgent: readUserAgent(body.ua),
  };
  // Unknown fields are ignored, unless they break the rules that hold for all JSON.
  for (const { field, message } of problems) fault(invalidField(excerpt(field ?? "body"), message));
  return event;
}

/** A required text, checked for its length. */
export function readText({ body }: ReadBody, field: string, maxCharacters: number): string {
  const value = body[field];
  if (value === undefined || value === null || value === "") fault(missingField(field));
  if (typeof value !== "string") fault(invalidType(field, "string", value));
  if (isLongerThan(value, maxCharacters)) tooLong(field, value, maxCharacters);
  return value;
}

function readEventName(reading: ReadBody): string {
  const name = readText(reading, "event_name", MAX_EVENT_NAME_CHARACTERS);
  if (hasControlCharacter(name)) fault(invalidField("event_name", `${shown(name)} contains control characters`));
  return name;
}

function readUserId(reading: ReadBody): string {
  const id = readText(reading, "user_id", MAX_USER_ID_CHARACTERS);
  if (id.startsWith(ANONYMOUS_PREFIX)) {
    fault(invalidField("user_id", `${shown(id)} begins with "${ANONYMOUS_PREFIX}", which is reserved`));
  }
  return id;
}

function readProperties({ body, problems, keyCounts }: ReadBody): string {
  const { properties } = body;
  if (properties === undefined || properties === null) return "{}";
  if (!isJsonObject(properties)) fault(invalidType("properties", "object", properties));
  const problem = problems.find(({ field }) => field === "properties");
  if (problem !== undefined) fault(invalidField("properties", problem.message));
  const keys = keyCounts.get("properties") ?? 0;
  if (keys > MAX_PROPERTIES_KEYS) {
    fault(
      invalidField("properties", `has ${keys} keys, nested ones counted; at most ${MAX_PROPERTIES_KEYS} are accepted`),
    );
  }
  const json = JSON.stringify(properties);
  const bytes = Buffer.byteLength(json);
  if (bytes > MAX_PROPERTIES_BYTES) {
    fault(invalidField("properties", `has ${bytes} bytes; at most ${MAX_PROPERTIES_BYTES} are accepted`));
  }
  return json;
}

function readIp(ip: unknown): string {
  if (ip === undefined || ip === null) return "";
  if (typeof ip !== "string") fault(invalidType("ip", "string", ip));
  // A zone names an interface of the sender's machine and means nothing here.
  if (isIP(ip) === 0 || ip.includes("%")) fault(invalidField("ip", `${shown(ip)} is not an IPv4 or IPv6 address`));
  return ip;
}

function readUserAgent(ua: unknown): string {
  if (ua === undefined || ua === null) return "";
  if (typeof ua !== "string") fault(invalidType("ua", "string", ua));
  if (isLongerThan(ua, MAX_USER_AGENT_CHARACTERS)) tooLong("ua", ua, MAX_USER_AGENT_CHARACTERS);
  return ua;
}

function tooLong(field: string, text: string, limit: number): never {
  const sizes = `has ${countCharacters(text)} characters; at most ${limit} are accepted`;
  return fault(invalidField(field, `${shown(text)} ${sizes}`));
}
