import {
  advance,
  applyHeldReports,
  type HeldReports,
  hasExpired,
  holdReport,
  noReports,
  type PushProgress,
  type PushReport,
} from "./held-reports.ts";

/** One of the sender's own identifiers: of a campaign, say. */
export interface SenderId {
  readonly name: string;
  readonly value: string;
}

/** What a sender says of a push when registering it. Nothing of it ever changes. */
export interface PushRegistration {
  /** User whom it is sent to, as the sender named them; `anon:` and a token for an anonymous owner. */
  readonly sentAppUserId: string;
  /** Token that it is sent to. */
  readonly deviceToken: string;
  /** Milliseconds since 1970. */
  readonly sentMs: number;
  /** Sender's own identifiers in order of their names. */
  readonly senderIds: readonly SenderId[];
}

/** To whom a push belongs, and on whose account. */
export interface Attribution {
  readonly appUserId: string;
  /** Fingerprint of the identified event that took it; empty if none did. */
  readonly attributedBy: string;
}

/** What decided about an attribution, and what is outstanding. */
export interface AttributionRecord extends Attribution {
  /** Version of the device that decided; 0 until the first decision. */
  readonly attributionVersion: number;
  /** Grows with every decision, and is never the same twice for one token, even if the push was erased in between. */
  readonly revision: number;
  /** Whether a decision, or what follows from it, is outstanding. */
  readonly attributionPending: boolean;
  /** Since when that is outstanding, milliseconds since 1970; only read where it is. */
  readonly pendingSinceMs: number;
  /** Whom decisions took it from since it was last settled; distinct. */
  readonly priors: readonly Attribution[];
}

/** A registered push. */
export interface RegisteredPush extends PushRegistration, AttributionRecord, PushProgress {
  readonly kind: "registered";
  /** Receipt of the registration, milliseconds since 1970. */
  readonly registeredMs: number;
  /** `invalidTokenMs` of which the device service has been told. */
  readonly invalidTokenToldMs?: number | undefined;
  /** When what is outstanding was last begun; milliseconds since 1970. */
  readonly begunMs: number;
}

/** Reports about a push that is not registered yet. */
export interface UnregisteredPush {
  readonly kind: "held";
  readonly held: HeldReports;
}

/** What the ledger has under one tracking token of one app. */
export type LedgerEntry = RegisteredPush | UnregisteredPush;

export type PushState = "sent" | "delivered" | "opened";

const anonymousPrefix = "anon:";

/** The token in an `anon:` id; undefined if the push names its user. */
export function anonymousOwnerToken({ sentAppUserId }: PushRegistration): string | undefined {
  return sentAppUserId.startsWith(anonymousPrefix) ? sentAppUserId.slice(anonymousPrefix.length) : undefined;
}

/** Whether two registrations say the same. */
export function isSameRegistration(a: PushRegistration, b: PushRegistration): boolean {
  return (
    a.sentAppUserId === b.sentAppUserId &&
    a.deviceToken === b.deviceToken &&
    a.sentMs === b.sentMs &&
    JSON.stringify(a.senderIds) === JSON.stringify(b.senderIds)
  );
}

/** The entry after a registration received at a time; the same object if it was registered before, whatever it said. */
export function register(
  entry: LedgerEntry | undefined,
  registration: PushRegistration,
  registeredMs: number,
): RegisteredPush {
  if (entry?.kind === "registered") return entry;
  return {
    kind: "registered",
    ...registration,
    registeredMs,
    appUserId: registration.sentAppUserId,
    attributedBy: "",
    attributionVersion: 0,
    revision: registeredMs,
    attributionPending: anonymousOwnerToken(registration) !== undefined,
    pendingSinceMs: registeredMs,
    priors: [],
    begunMs: registeredMs,
    ...applyHeldReports(entry?.held ?? noReports, registeredMs),
  };
}

/** The entry after a report; the same object if the report adds nothing. */
export function applyReport(entry: LedgerEntry | undefined, report: PushReport): LedgerEntry {
  if (entry?.kind !== "registered") {
    const held = holdReport(entry?.held ?? noReports, report);
    return held === entry?.held ? entry : { kind: "held", held };
  }
  if (hasExpired(report.receivedMs, entry.registeredMs)) return entry;
  const { deliveredMs, openedMs, invalidTokenMs } = entry;
  const progress: PushProgress = { deliveredMs, openedMs, invalidTokenMs };
  const advanced = advance(progress, report);
  if (advanced === progress) return entry;
  const begunMs = advanced.invalidTokenMs === invalidTokenMs ? entry.begunMs : report.receivedMs;
  return { ...entry, ...advanced, begunMs };
}

/** A decision about a floating push, made on what was read at a revision by a version of its device. */
export interface Decision extends Attribution {
  readonly expectedRevision: number;
  readonly attributionVersion: number;
  /** Milliseconds since 1970. */
  readonly decidedMs: number;
}

/** Whether the entry is a push to the anonymous owner of a device, whose attribution may change. */
export function isFloating(entry: LedgerEntry | undefined): entry is RegisteredPush {
  return entry?.kind === "registered" && anonymousOwnerToken(entry) !== undefined;
}

/** Whether a push is attributed as decided. */
export function standsAsDecided(
  push: RegisteredPush,
  { appUserId, attributedBy, attributionVersion }: Decision,
): boolean {
  return (
    push.appUserId === appUserId && push.attributedBy === attributedBy && push.attributionVersion === attributionVersion
  );
}

/** The push after a decision; undefined where a decision in between, or by a later version of the device, rules it out. */
export function attribute(push: RegisteredPush, decision: Decision): RegisteredPush | undefined {
  const { expectedRevision, appUserId, attributedBy, attributionVersion } = decision;
  if (push.revision !== expectedRevision || push.attributionVersion > attributionVersion) return undefined;
  const next = { ...push, appUserId, attributedBy, attributionVersion, revision: push.revision + 1 };
  if (push.appUserId === appUserId && push.attributedBy === attributedBy) return next;
  const pendingSinceMs = push.attributionPending ? push.pendingSinceMs : decision.decidedMs;
  return { ...next, attributionPending: true, pendingSinceMs, begunMs: decision.decidedMs, priors: priorsOf(push) };
}

/** The push without anything outstanding from its attribution; the same object if it was attributed anew since. */
export function settle(push: RegisteredPush, revision: number): RegisteredPush {
  if (push.revision !== revision || !push.attributionPending) return push;
  return { ...push, attributionPending: false, priors: [] };
}

/** The push once more begun at a time, so that others leave it alone for a while. */
export function begin(push: RegisteredPush, nowMs: number): RegisteredPush {
  return { ...push, begunMs: nowMs };
}

/** Whether something is still to be done for a push besides storing it. */
export function isOutstanding(push: RegisteredPush): boolean {
  return push.attributionPending || untoldInvalidToken(push) !== undefined;
}

/** Since when something is outstanding for a push, however often it was begun, milliseconds; undefined if nothing is. */
export function outstandingSince(push: RegisteredPush): number | undefined {
  const since = [push.attributionPending ? push.pendingSinceMs : undefined, untoldInvalidToken(push)];
  const known = since.filter((ms) => ms !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
}

/** How far a push has come by what its own times imply: what was opened was delivered by then. */
export function impliedProgress({ deliveredMs, openedMs }: PushProgress): PushProgress {
  return advance({}, { receivedMs: 0, deliveredMs, openedMs });
}

/** The push after the device service took note of an invalid-token report received at a time. */
export function invalidTokenTold(push: RegisteredPush, toldMs: number): RegisteredPush {
  return (push.invalidTokenToldMs ?? -1) >= toldMs ? push : { ...push, invalidTokenToldMs: toldMs };
}

/** Receipt of an invalid-token report of which the device service has not been told. */
export function untoldInvalidToken({ invalidTokenMs, invalidTokenToldMs }: RegisteredPush): number | undefined {
  return invalidTokenMs === undefined || invalidTokenMs === invalidTokenToldMs ? undefined : invalidTokenMs;
}

/** How far a push has come. */
export function pushState({ deliveredMs, openedMs }: PushProgress): PushState {
  if (openedMs !== undefined) return "opened";
  return deliveredMs === undefined ? "sent" : "delivered";
}

/** What was never decided cannot have been acted on, so there is nothing to take back. */
function priorsOf({ priors, appUserId, attributedBy, attributionVersion }: RegisteredPush): readonly Attribution[] {
  const known = priors.some((prior) => prior.appUserId === appUserId && prior.attributedBy === attributedBy);
  return known || attributionVersion === 0 ? priors : [...priors, { appUserId, attributedBy }];
}
