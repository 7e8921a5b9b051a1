import type { MergeState } from "../../../proto/gen/carillon/identity/v1/identity_service_pb.js";
import { type AppKey, parseAppKey } from "../../runtime/app-key.ts";
import type { IngestionContext } from "../context.ts";
import type { EventCursor } from "../event.ts";
import { type Finding, json } from "./finding.ts";

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

/** Whether an entry says what it should. */
export function journalFindings(
  fingerprint: string,
  {
    expected,
    actual,
    explained,
  }: { expected: ReturnType<typeof entryOf>; actual: MergeState | undefined; explained: boolean },
): Finding[] {
  const finding: Finding = {
    kind: "journal",
    subject: fingerprint,
    field: "entry",
    expected: json(expected),
    actual: json(actual && plain(actual)),
    explained,
  };
  return finding.expected === finding.actual ? [] : [finding];
}

/** Journal entries as they are stored, by fingerprint of the cause. */
export async function storedEntries(
  { identity }: Pick<IngestionContext, "identity">,
  app: AppKey,
  fingerprints: readonly string[],
): Promise<Map<string, MergeState | undefined>> {
  if (fingerprints.length === 0) return new Map();
  const keys = fingerprints.map((fingerprint) => ({ ...parseAppKey(app), fingerprint }));
  const { merges } = await identity.getMergeStates({ keys });
  return new Map(merges.map(({ fingerprint, state }) => [fingerprint, state]));
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
