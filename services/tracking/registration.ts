import type { Timestamp } from "@bufbuild/protobuf/wkt";
import type { PushRegistration as PushRegistrationMessage } from "../../proto/gen/carillon/tracking/v1/push_service_pb.js";
import { invalidArgument, received } from "../runtime/request-arguments.ts";
import type { PushRegistration } from "./push.ts";
import { parseTrackingToken, type TrackingToken } from "./push-key.ts";

/** Characters of a user id. */
const MAX_USER_ID = 256;
/** Characters of a device token. */
const MAX_DEVICE_TOKEN = 4_096;
const MAX_SENDER_IDS = 16;
/** Characters of the name of a sender's identifier. */
const MAX_SENDER_ID_NAME = 128;
/** Characters of a sender's identifier. */
const MAX_SENDER_ID = 1_024;
/** 0001-01-01 and 10000-01-01 in milliseconds since 1970: what a google.protobuf.Timestamp may hold. */
const MIN_MS = -62_135_596_800_000;
const END_MS = 253_402_300_800_000;

const anonymousPrefix = "anon:";
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
const spaceOrControl = /[\s\u0000-\u001f\u007f-\u009f]/u;

/**
 * The registration in a message.
 *
 * @param path where it stands in the request, for messages: `pushes[3]`
 * @throws ConnectError INVALID_ARGUMENT naming the first field that is wrong
 */
export function parseRegistration(message: PushRegistrationMessage, path: string): PushRegistration {
  const { appUserId, deviceToken, sentTime, senderIds } = message;
  if (appUserId.startsWith(anonymousPrefix)) {
    checkDeviceToken(appUserId.slice(anonymousPrefix.length), `${path}.appUserId after "anon:"`);
  } else {
    checkLength(appUserId, { name: `${path}.appUserId`, min: 1, max: MAX_USER_ID });
  }
  checkDeviceToken(deviceToken, `${path}.deviceToken`);
  if (sentTime === undefined) throw invalidArgument(`${path}.sentTime is required`);
  return {
    sentAppUserId: appUserId,
    deviceToken,
    sentMs: parseTime(sentTime, `${path}.sentTime`),
    senderIds: parseSenderIds(senderIds, `${path}.senderIds`),
  };
}

/** The tracking token in a request; INVALID_ARGUMENT naming the field if it is no UUID. */
export function requireTrackingToken(text: string, name: string): TrackingToken {
  const token = parseTrackingToken(text);
  if (token === undefined) throw invalidArgument(`${name} ${received(text)} is not a UUID`);
  return token;
}

/** Milliseconds since 1970, the rest cut; INVALID_ARGUMENT naming the field if it is outside the years 1 to 9999. */
export function parseTime({ seconds, nanos }: Timestamp, name: string): number {
  const ms = Number(seconds) * 1_000 + Math.floor(nanos / 1_000_000);
  if (nanos < 0 || nanos > 999_999_999 || !(ms >= MIN_MS && ms < END_MS))
    throw invalidArgument(`${name} is not a time between the years 1 and 9999`);
  return ms;
}

/** Refuses what is not 1 to `max` long, as INVALID_ARGUMENT. */
export function checkCount(
  items: readonly unknown[],
  { name, max }: { readonly name: string; readonly max: number },
): void {
  if (items.length < 1 || items.length > max)
    throw invalidArgument(`${name} has ${items.length} elements; 1 to ${max} are allowed`);
}

function parseSenderIds(senderIds: Readonly<Record<string, string>>, path: string): PushRegistration["senderIds"] {
  const entries = Object.entries(senderIds).sort(([a], [b]) => (a < b ? -1 : 1));
  if (entries.length > MAX_SENDER_IDS)
    throw invalidArgument(`${path} has ${entries.length} entries; up to ${MAX_SENDER_IDS} are allowed`);
  for (const [name, value] of entries) {
    checkLength(name, { name: `a name in ${path}`, min: 1, max: MAX_SENDER_ID_NAME });
    checkLength(value, { name: `${path}[${received(name)}]`, min: 0, max: MAX_SENDER_ID });
  }
  return entries.map(([name, value]) => ({ name, value }));
}

function checkDeviceToken(token: string, name: string): void {
  checkLength(token, { name, min: 1, max: MAX_DEVICE_TOKEN });
  if (spaceOrControl.test(token))
    throw invalidArgument(`${name} ${received(token)} contains white space or control characters`);
}

function checkLength(
  text: string,
  { name, min, max }: { readonly name: string; readonly min: number; readonly max: number },
): void {
  if (min > 0 && text === "") throw invalidArgument(`${name} is required`);
  // A code point is one or two UTF-16 units, so most texts need not be counted.
  if (text.length <= max) return;
  const length = Array.from(text).length;
  if (length > max)
    throw invalidArgument(`${name} ${received(text)} has ${length} characters; ${min} to ${max} are allowed`);
}
