import { createHash } from "node:crypto";
import { create } from "@bufbuild/protobuf";
import {
  EventKind,
  type IncomingEvent,
  IncomingEventSchema,
} from "../../proto/gen/carillon/ingestion/v1/ingestion_service_pb.js";
import type { Random } from "./random.ts";

/** The one app of a simulation. */
export const app = { tenantId: "t", appId: "a" };
/** Its pushes are nobody's business here. */
export const otherApp = { tenantId: "t", appId: "b" };

const allTokens = ["tok-a", "tok-b", "tok-c", "tok-d"];
const allUsers = ["ann", "bob", "cyd"];
const allTrackingTokens = [1, 2, 3, 4].map((n) => `00000000-0000-4000-8000-00000000000${n}`);
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** Something that clients or operators ask of the system, again and again until it is accepted or refused. */
export type Operation =
  | { readonly kind: "event"; readonly event: SimulatedEvent }
  | { readonly kind: "refresh"; readonly oldToken: string; readonly newToken: string; readonly appUserId: string }
  | { readonly kind: "unlink" | "relink"; readonly deviceToken: string; readonly appUserId: string }
  | {
      readonly kind: "push";
      readonly trackingToken: string;
      readonly deviceToken: string;
      readonly appUserId: string;
      readonly sentMs: number;
    }
  | ReportOperation;

/** What a device or a provider says of a push, which may not be registered yet, or be another app's. */
export interface ReportOperation {
  readonly kind: "report";
  readonly of: "open" | "delivery" | "invalid token";
  readonly trackingToken: string;
  readonly ofOtherApp: boolean;
  /** When it happened; for an invalid token its receipt is what counts. */
  readonly atMs: number;
  /** When a gateway received it; too long ago for some of them. */
  readonly receivedMs: number;
}

/** An event as its sender made it; every copy of it is the same. */
export interface SimulatedEvent {
  readonly fingerprint: string;
  readonly kind: "device" | "hash" | "user";
  readonly sentAppUserId: string;
  readonly eventName: string;
  /** Undefined where the sender gives no time. */
  readonly eventMs: number | undefined;
  readonly deviceToken: string;
  readonly pushPermissionGranted: boolean;
  readonly platform: string;
  readonly language: string;
  readonly country: string;
  readonly timezone: string;
}

/** What the operations of one simulation are about. */
export interface Cast {
  readonly tokens: readonly string[];
  readonly users: readonly string[];
  readonly trackingTokens: readonly string[];
  /** Of a device event: that it names no user. */
  readonly anonymousProbability: number;
  /** When the simulation begins, milliseconds. */
  readonly startMs: number;
}

/** How often operations of each kind are asked for, in hundredths. */
export type Mix = Readonly<Record<"event" | "refresh" | "unlink" | "report" | "push", number>>;

/** Mostly events, and some of everything. */
export const anyMix: Mix = { event: 70, refresh: 9, unlink: 6, report: 7, push: 8 };

/** Few devices and users, sometimes only one, so that much of it meets. */
export function randomCast(random: Random, startMs: number): Cast {
  return {
    tokens: allTokens.slice(0, 1 + random.below(allTokens.length)),
    users: allUsers.slice(0, 1 + random.below(allUsers.length)),
    trackingTokens: allTrackingTokens,
    anonymousProbability: 0.55,
    startMs,
  };
}

/** @param index sets this operation apart from the others */
export function randomOperation(random: Random, cast: Cast, { index, mix }: { index: number; mix: Mix }): Operation {
  const { tokens, users } = cast;
  const kind = randomKind(random, mix);
  switch (kind) {
    case "event":
      return { kind, event: randomEvent(random, cast, index) };
    case "refresh": {
      const [oldToken, newToken] = [random.pick(tokens), random.pick(tokens)];
      // A token does not replace itself.
      if (oldToken === newToken) return { kind: "event", event: randomEvent(random, cast, index) };
      return { kind, oldToken, newToken, appUserId: random.pick(["", "", ...users]) };
    }
    case "unlink":
      return { kind, deviceToken: random.pick(tokens), appUserId: random.pick(users) };
    case "report":
      return randomReport(random, cast);
    case "push":
      return randomPush(random, cast);
  }
}

function randomKind(random: Random, mix: Mix): keyof Mix {
  let draw = random.below(100);
  for (const kind of ["event", "refresh", "unlink", "report"] as const) {
    if (draw < mix[kind]) return kind;
    draw -= mix[kind];
  }
  return "push";
}

function randomReport(random: Random, { trackingTokens, startMs }: Cast): ReportOperation {
  return {
    kind: "report",
    of: random.pick(["open", "delivery", "invalid token"]),
    trackingToken: random.pick(trackingTokens),
    ofOtherApp: random.chance(0.1),
    atMs: startMs + (random.below(30) - 15) * MINUTE_MS,
    receivedMs: startMs - random.pick([0, 0, 71, 73]) * HOUR_MS,
  };
}

function randomPush(random: Random, { tokens, users, trackingTokens, startMs }: Cast): Operation {
  const owner = random.pick(tokens);
  return {
    kind: "push",
    trackingToken: random.pick(trackingTokens),
    deviceToken: owner,
    appUserId: random.chance(0.7) ? `anon:${owner}` : random.pick(users),
    sentMs: startMs + random.below(30) * MINUTE_MS,
  };
}

/** @param index sets this event apart from the others */
export function randomEvent(random: Random, cast: Cast, index: number): SimulatedEvent {
  const { tokens, users, anonymousProbability, startMs } = cast;
  const kind = random.pick([
    "device",
    "device",
    "device",
    "device",
    "device",
    "device",
    "device",
    "hash",
    "hash",
    "user",
  ] as const);
  const hasTime = kind === "device" || random.chance(0.2);
  return {
    fingerprint: createHash("sha256").update(`${index}-${random.next()}`).digest("hex"),
    kind,
    sentAppUserId:
      kind === "hash" || (kind === "device" && random.chance(anonymousProbability)) ? "" : random.pick(users),
    eventName: random.pick(["seen", "seen", "seen", "bought", "logged_out"]),
    eventMs: hasTime ? randomTime(random, startMs) : undefined,
    deviceToken: kind === "user" ? "" : random.pick(tokens),
    pushPermissionGranted: random.chance(0.5),
    platform: random.pick(["android", "ios", "web"]),
    language: random.pick(["en", "tr", "de"]),
    country: random.pick(["US", "TR", "DE"]),
    timezone: random.pick(["UTC", "Europe/Berlin", "Europe/Istanbul"]),
  };
}

/** Mostly around the simulation's own time, to the minute so that many are equal; some too late, some in the future. */
function randomTime(random: Random, startMs: number): number {
  const draw = random.below(20);
  if (draw === 0) return startMs - 31 * DAY_MS - random.below(3) * DAY_MS;
  if (draw === 1) return startMs + 3 * 60 * MINUTE_MS;
  return startMs + (random.below(30) - 15) * MINUTE_MS;
}

/** One copy of an event, as a gateway hands it on. */
export function incomingEvent(event: SimulatedEvent, receivedMs: number): IncomingEvent {
  const { kind, eventMs, deviceToken, ...rest } = event;
  const isDevice = kind === "device";
  return create(IncomingEventSchema, {
    ...app,
    fingerprint: rest.fingerprint,
    kind: { device: EventKind.DEVICE, hash: EventKind.DEVICE_HASH, user: EventKind.USER }[kind],
    sentAppUserId: rest.sentAppUserId,
    eventName: rest.eventName,
    eventTime: eventMs === undefined ? "" : new Date(eventMs).toISOString(),
    eventTimeMs: eventMs ?? 0,
    receivedTimeMs: receivedMs,
    deviceToken: isDevice ? deviceToken : "",
    deviceKey: deviceToken === "" ? "" : createHash("sha256").update(deviceToken).digest("hex"),
    paramsJson: "{}",
    contextJson: "{}",
    surface: isDevice ? "smartapppush" : "pushengage",
    ...(isDevice && {
      platform: rest.platform,
      pushPermissionGranted: rest.pushPermissionGranted,
      timezone: rest.timezone,
      language: rest.language,
      country: rest.country,
      sessionId: "s",
    }),
  });
}
