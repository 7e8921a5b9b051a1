import type { Client } from "@connectrpc/connect";
import { LRUCache } from "lru-cache";
import type {
  IdentityService,
  ProfileState as ProfileStateMessage,
} from "../../../proto/gen/carillon/identity/v1/identity_service_pb.js";
import { type AppKey, parseAppKey } from "../../runtime/app-key.ts";
import type { StoredEvent } from "../event.ts";
import { compareInOrder } from "../event-order.ts";
import type { EventStore, ProfileState } from "../store.ts";
import { inBatches } from "./in-batches.ts";
import { ATTEMPTS, keptChanging } from "./kept-changing.ts";

/** Versions remembered, about 100 bytes each. */
const REMEMBERED_VERSIONS = 10_000;

/** One user of one app. */
export interface UserKey {
  readonly app: AppKey;
  readonly appUserId: string;
}

/** What live events say about one user, and the version that the profile must still have where they are floating. */
export interface ProfileContribution extends UserKey {
  readonly event: StoredEvent;
  /** Undefined for an event that names its user: nothing can take it away. */
  readonly expectedVersion: number | undefined;
}

/** Keeps profiles in step with the events attributed to them (decision 0001, point 6). */
export interface ProfileEffects {
  /** The version that a profile had last, 0 if never seen: to be taken before an event is attributed to the user. */
  lastVersion(user: UserKey): number;
  /** Widens profiles by live events; those that changed meanwhile are computed anew. */
  observe(contributions: readonly ProfileContribution[]): Promise<void>;
  /** Computes profiles anew from the stored events. */
  recompute(users: readonly UserKey[]): Promise<void>;
}

interface MergedContribution extends UserKey {
  firstSeenMs: number;
  lastSeenMs: number;
  latest: StoredEvent | undefined;
  expectedVersion: number | undefined;
}

/** Remembers the versions of the profiles that it saw last, for `lastVersion`. */
export function createProfileEffects(context: {
  readonly events: EventStore;
  readonly profiles: Client<typeof IdentityService>;
}): ProfileEffects {
  const versions = new LRUCache<string, number>({ max: REMEMBERED_VERSIONS });

  function remember(user: UserKey, version: number): void {
    versions.set(userId(user), version);
  }

  async function rememberVersions(users: readonly UserKey[]): Promise<void> {
    if (users.length === 0) return;
    const { versions: stored } = await context.profiles.getProfileVersions({ keys: users.map(profileKey) });
    for (const [i, user] of users.entries()) remember(user, Number(stored[i]!));
  }

  async function recomputeAll(users: readonly UserKey[]): Promise<void> {
    await rememberVersions(users.filter((user) => !versions.has(userId(user))));
    let open = users;
    for (let attempt = 0; open.length > 0; attempt++) {
      if (attempt === ATTEMPTS) throw keptChanging(`${open.length} profiles`);
      const keys = open.map(profileKey);
      // Known before the events are read; the profile may have another one by now, and is then not replaced.
      const expected = open.map((user) => BigInt(versions.get(userId(user)) ?? 0));
      const states = await Promise.all(open.map((user) => context.events.profileState(user.app, user.appUserId)));
      const replacements = open.map((_, i) => ({
        key: keys[i]!,
        expectedVersion: expected[i]!,
        ...(states[i] === undefined ? {} : { state: stateMessage(states[i]) }),
      }));
      const { results } = await context.profiles.replaceProfiles({ replacements });
      open = open.filter((user, i) => {
        remember(user, Number(results[i]!.version));
        return !results[i]!.applied;
      });
    }
  }

  const recomputeBatch = inBatches(recomputeAll, userId);
  const recompute = async (users: readonly UserKey[]) => (users.length === 0 ? undefined : recomputeBatch(users));

  return {
    lastVersion: (user) => versions.get(userId(user)) ?? 0,
    async observe(contributions) {
      const merged = mergeByUser(contributions);
      if (merged.length === 0) return;
      const { results } = await context.profiles.observeProfiles({
        observations: merged.map((contribution) => ({
          key: profileKey(contribution),
          state: stateMessage(contributedState(contribution)),
          ...(contribution.expectedVersion === undefined
            ? {}
            : { expectedVersion: BigInt(contribution.expectedVersion) }),
        })),
      });
      for (const [i, contribution] of merged.entries()) remember(contribution, Number(results[i]!.version));
      await recompute(merged.filter((_, i) => !results[i]!.applied));
    },
    recompute,
  };
}

function userId(user: UserKey): string {
  return `${user.app}/${user.appUserId}`;
}

function profileKey(user: UserKey) {
  return { ...parseAppKey(user.app), appUserId: user.appUserId };
}

function mergeByUser(contributions: readonly ProfileContribution[]): MergedContribution[] {
  const merged = new Map<string, MergedContribution>();
  for (const { app, appUserId, event, expectedVersion } of contributions) {
    const key = userId({ app, appUserId });
    const known = merged.get(key);
    const latest = isDeviceEvent(event) ? event : undefined;
    if (known === undefined) {
      merged.set(key, {
        app,
        appUserId,
        firstSeenMs: event.effectiveMs,
        lastSeenMs: event.effectiveMs,
        latest,
        expectedVersion,
      });
      continue;
    }
    known.firstSeenMs = Math.min(known.firstSeenMs, event.effectiveMs);
    known.lastSeenMs = Math.max(known.lastSeenMs, event.effectiveMs);
    if (latest !== undefined && (known.latest === undefined || compareInOrder(known.latest, latest) < 0))
      known.latest = latest;
    // The oldest version is the safe one: whatever changed since any of the events was attributed must show.
    if (expectedVersion !== undefined)
      known.expectedVersion = Math.min(expectedVersion, known.expectedVersion ?? expectedVersion);
  }
  return [...merged.values()];
}

function isDeviceEvent(event: StoredEvent): boolean {
  return event.role === "identified" || event.role === "anonymous";
}

function contributedState({ firstSeenMs, lastSeenMs, latest }: MergedContribution): ProfileState {
  return { firstSeenMs, lastSeenMs, ...(latest === undefined ? {} : { attributes: latest }) };
}

function stateMessage(
  state: ProfileState,
): Omit<ProfileStateMessage, "$typeName" | "attributes"> & { attributes?: object } {
  const { firstSeenMs, lastSeenMs, attributes } = state;
  if (attributes === undefined) return { firstSeenMs, lastSeenMs };
  const { effectiveMs, fingerprint, platform, timezone, language, country } = attributes;
  return {
    firstSeenMs,
    lastSeenMs,
    attributes: { effectiveTimeMs: effectiveMs, fingerprint, platform, timezone, language, country },
  };
}
