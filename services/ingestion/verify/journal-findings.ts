import type { MergeState, StoredMerge } from "../../../proto/gen/carillon/identity/v1/identity_service_pb.js";
import { type AppKey, parseAppKey } from "../../runtime/app-key.ts";
import type { IngestionContext } from "../context.ts";
import type { EventCursor } from "../event.ts";
import { type Finding, indexFindings, json } from "./finding.ts";

/** What a cause took, counted. */
export interface TakenCounts {
  readonly eventCount: number;
  readonly pushCount: number;
}

/** The identified event that took something. */
export type CauseEvent = EventCursor & { readonly deviceKey: string; readonly sentAppUserId: string };

/** What a journal entry should say; undefined where there should be none. */
export function entryOf(cause: CauseEvent | undefined, { eventCount, pushCount }: TakenCounts) {
  if (cause === undefined || (eventCount === 0 && pushCount === 0)) return undefined;
  const { deviceKey, sentAppUserId: toAppUserId, effectiveMs: causeMs } = cause;
  return { deviceKey, toAppUserId, causeMs, eventCount, pushCount };
}

/** A journal entry as it is stored. */
export type StoredEntry = Pick<StoredMerge, "state" | "filedAs" | "shouldBeFiledAs">;

/** Whether an entry says what it should, and is found by it. */
export function journalFindings(
  subject: string,
  {
    expected: should,
    actual: is,
    explained,
  }: { expected: ReturnType<typeof entryOf>; actual: StoredEntry | undefined; explained: boolean },
): Finding[] {
  const thing = { kind: "journal", subject } as const;
  const [expected, actual] = [json(should), json(is?.state && plain(is.state))];
  const places = is === undefined ? [] : indexFindings(thing, is);
  if (expected === actual) return places;
  return [...places, { ...thing, field: "entry", expected, actual, explained }];
}

/** Journal entries as they are stored, by fingerprint of the cause. */
export async function storedEntries(
  { identity }: Pick<IngestionContext, "identity">,
  app: AppKey,
  fingerprints: readonly string[],
): Promise<Map<string, StoredEntry>> {
  if (fingerprints.length === 0) return new Map();
  const keys = fingerprints.map((fingerprint) => ({ ...parseAppKey(app), fingerprint }));
  const { merges } = await identity.getMergeStates({ keys });
  return new Map(merges.map((merge) => [merge.fingerprint, merge]));
}

/** What causes took, counted by look-ups among the stored events and pushes. */
export async function countedEntries(
  { events, pushes }: Pick<IngestionContext, "events" | "pushes">,
  app: AppKey,
  fingerprints: readonly string[],
): Promise<Map<string, ReturnType<typeof entryOf>>> {
  if (fingerprints.length === 0) return new Map();
  const [eventCounts, { counts }] = await Promise.all([
    events.countAttributedBy(app, fingerprints),
    pushes.countPushesAttributedBy({ ...parseAppKey(app), fingerprints: [...fingerprints] }),
  ]);
  const entries = fingerprints.map(async (fingerprint, i) => {
    const taken = { eventCount: eventCounts[i]!, pushCount: Number(counts[i]!) };
    return [fingerprint, entryOf(await events.get(app, fingerprint), taken)] as const;
  });
  return new Map(await Promise.all(entries));
}

function plain({ deviceKey, toAppUserId, causeMs, eventCount, pushCount }: MergeState) {
  return { deviceKey, toAppUserId, causeMs, eventCount, pushCount };
}
