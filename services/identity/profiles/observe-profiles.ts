import type { HandlerContext } from "@connectrpc/connect";
import type { ObserveProfilesRequest } from "../../../proto/gen/carillon/identity/v1/identity_service_pb.js";
import { pauseAfterConflict } from "../../storage/conflict-backoff.ts";
import type { RecentDocuments } from "../../storage/recent-documents.ts";
import { conflict, type Versioned } from "../../storage/versioned-documents.ts";
import type { IdentityContext } from "../context.ts";
import { isLive, type ProfileDocument } from "../store.ts";
import { type ProfileState, widen } from "./profile.ts";
import { profileKey } from "./profile-key.ts";
import { distinctKeys, liveProfile, required, stateOf } from "./profile-messages.ts";
import type { WriteResult } from "./replace-documents.ts";

/** Writes that lose to other writers of the same profile are tried again this often in all. */
const ATTEMPTS = 20;

interface Observation {
  readonly index: number;
  readonly key: string;
  readonly appUserId: string;
  readonly state: ProfileState;
  readonly expectedVersion: number | undefined;
}

/**
 * Widens profiles. An observation that adds nothing is written all the same: its new version refuses a replacement
 * that was computed from the events before this one was among them.
 *
 * A result that is not applied means that the profile has another version than the expected one, or, without an
 * expected version, that other writers won every attempt.
 */
export async function observeProfiles(
  context: IdentityContext,
  request: ObserveProfilesRequest,
  { signal }: Pick<HandlerContext, "signal">,
) {
  const results = new Array<WriteResult>(request.observations.length);
  let open = parse(request);
  for (let attempt = 0; open.length > 0 && attempt < ATTEMPTS; attempt++) {
    // The first repetition is at once: mostly a remembered version was out of date and nobody else is writing.
    if (attempt > 1) await pauseAfterConflict(context, attempt - 1, signal);
    open = await tryOnce(context.profiles, { open, results, first: attempt === 0 });
  }
  const stored = await context.profiles.load(open.map(({ key }) => key));
  for (const { index, key } of open)
    results[index] = { applied: false, version: BigInt(stored.get(key)?.version ?? 0) };
  return { results };
}

function parse(request: ObserveProfilesRequest): Observation[] {
  const keys = distinctKeys(request.observations, profileKey);
  return request.observations.map(({ key, state, expectedVersion }, index) => ({
    index,
    key: keys[index]!,
    appUserId: required(key, "key").appUserId,
    state: stateOf(required(state, "state")),
    expectedVersion: expectedVersion === undefined ? undefined : Number(expectedVersion),
  }));
}

interface Attempt {
  readonly open: readonly Observation[];
  /** Filled where an observation is decided. */
  readonly results: WriteResult[];
  readonly first: boolean;
}

/** One load where needed and one save; answers the observations that lost to another writer. */
async function tryOnce(
  profiles: RecentDocuments<ProfileDocument>,
  { open, results, first }: Attempt,
): Promise<Observation[]> {
  const bases = await basesOf(profiles, open, first);
  const writable: { readonly observation: Observation; readonly base: Versioned<ProfileDocument> | undefined }[] = [];
  for (const observation of open) {
    const base = bases.get(observation.key);
    const version = base?.version ?? 0;
    const { index, expectedVersion = version } = observation;
    if (expectedVersion === version) writable.push({ observation, base });
    else results[index] = { applied: false, version: BigInt(version) };
  }
  const versions = await profiles.save(
    writable.map(({ observation: { key, appUserId, state }, base }) => ({
      key,
      expectedVersion: base?.version ?? 0,
      value: liveProfile(
        appUserId,
        widen(base !== undefined && isLive(base.value) ? base.value.state : undefined, state),
      ),
    })),
  );
  const lost: Observation[] = [];
  for (const [i, { observation }] of writable.entries()) {
    const version = versions[i]!;
    if (version === conflict) lost.push(observation);
    else results[observation.index] = { applied: true, version: BigInt(version) };
  }
  return lost;
}

/** What each observation is to be added to, as far as there is anything; a wrong guess ends in a conflict. */
async function basesOf(
  profiles: RecentDocuments<ProfileDocument>,
  open: readonly Observation[],
  first: boolean,
): Promise<Map<string, Versioned<ProfileDocument>>> {
  const bases = new Map<string, Versioned<ProfileDocument>>();
  const unknown: string[] = [];
  for (const { key, expectedVersion } of open) {
    if (expectedVersion === 0 && first) continue;
    const recent = profiles.recent(key);
    if (recent !== undefined && (expectedVersion ?? recent.version) === recent.version) bases.set(key, recent);
    else unknown.push(key);
  }
  for (const [key, document] of await profiles.load(unknown)) bases.set(key, document);
  return bases;
}
