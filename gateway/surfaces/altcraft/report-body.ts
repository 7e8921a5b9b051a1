import { countCharacters, hasControlCharacter, hasControlOrWhiteSpace, isLongerThan, shown } from "../../body/text.ts";
import type { Outcome } from "./answers.ts";
import { MAX_CHARACTERS } from "./schemas.ts";

/** What one report says, and the push that it is about. */
export interface PushEventReport {
  readonly delivered: boolean;
  readonly opened: boolean;
  readonly provider: string;
  readonly subscriptionId: string;
  readonly launchId: string;
  readonly uid: string;
}

export type ReportReading =
  | { readonly ok: true; readonly report: PushEventReport }
  | { readonly ok: false; readonly outcome: Outcome };

/** Whatever a field holds, from JSON or XML; undefined where it is absent. */
export type FieldValues = (field: string) => unknown;

type Progress = Pick<PushEventReport, "delivered" | "opened">;

/** Published table; an open implies delivery, but only what was reported is passed on. */
const PROGRESS_BY_EVENTS: ReadonlyMap<string, Progress> = new Map([
  ["1", { delivered: true, opened: false }],
  ["2", { delivered: false, opened: true }],
  ["3", { delivered: true, opened: true }],
]);

/** Stops reading at the first fault, in the published order of fields. */
class ReportFault extends Error {
  readonly outcome: Outcome;

  constructor(outcome: Outcome) {
    super(outcome.kind);
    this.outcome = outcome;
  }
}

/**
 * Reads a report (http.md, Altcraft), or the first thing that is wrong with it. A `uid` of the form
 * `e|launch|subscription|provider` stands in for those of the three that are absent; one that is there counts
 * (decision 0007).
 */
export function readReport(value: FieldValues): ReportReading {
  try {
    return { ok: true, report: read(value) };
  } catch (error) {
    if (error instanceof ReportFault) return { ok: false, outcome: error.outcome };
    throw error;
  }
}

function read(value: FieldValues): PushEventReport {
  const progress = readEvents(value("events"));
  const parts = partsOf(value("uid"));
  return {
    ...progress,
    launchId: readLaunch(present(value("launch_id")) ?? parts?.launch),
    provider: readText("provider", present(value("provider")) ?? parts?.provider),
    subscriptionId: readSubscription(present(value("subscription_id")) ?? parts?.subscription),
    uid: readText("uid", value("uid")),
  };
}

function readEvents(sent: unknown): Progress {
  if (present(sent) === undefined) missing("events");
  const isScalar = typeof sent === "number" || typeof sent === "string";
  const progress = isScalar ? PROGRESS_BY_EVENTS.get(String(sent)) : undefined;
  return progress ?? invalid("events", `must be 1 (delivered), 2 (opened) or 3 (both), but is ${shown(sent)}`);
}

/** A launch, by its number or its name: 7 and "7" are the same launch. */
function readLaunch(sent: unknown): string {
  if (typeof sent !== "number") return readText("launch_id", sent);
  if (Number.isSafeInteger(sent)) return String(sent);
  return invalid("launch_id", `must be a whole number up to 2^53 or a string, but is ${shown(sent)}`);
}

function readSubscription(sent: unknown): string {
  const subscription = readText("subscription_id", sent);
  if (!hasControlOrWhiteSpace(subscription)) return subscription;
  return invalid("subscription_id", `${shown(subscription)} contains white space or control characters`);
}

function readText(field: string, sent: unknown): string {
  if (present(sent) === undefined) missing(field);
  if (typeof sent !== "string") return invalid(field, `must be a string, but is ${shown(sent)}`);
  if (isLongerThan(sent, MAX_CHARACTERS)) {
    return invalid(field, `has ${countCharacters(sent)} characters; at most ${MAX_CHARACTERS} are accepted`);
  }
  return hasControlCharacter(sent) ? invalid(field, `${shown(sent)} contains control characters`) : sent;
}

interface UidParts {
  readonly launch: string;
  readonly subscription: string;
  readonly provider: string;
}

/** What a `uid` of the special form tells; undefined for any other. */
function partsOf(uid: unknown): UidParts | undefined {
  if (typeof uid !== "string") return undefined;
  const [mark, launch, subscription, provider, ...rest] = uid.split("|");
  if (mark !== "e" || rest.length > 0 || !launch || !subscription || !provider) return undefined;
  return { launch, subscription, provider };
}

/** The value, or undefined where it is as good as absent. */
function present(sent: unknown): unknown {
  return sent === null || sent === "" ? undefined : sent;
}

function missing(field: string): never {
  throw new ReportFault({ kind: "missing", text: `${field} is required` });
}

function invalid(field: string, issue: string): never {
  throw new ReportFault({ kind: "invalid", text: `${field} ${issue}` });
}
