import type { ProfileState } from "../../../services/identity/profiles/profile.ts";
import type { IdentityStore } from "../../../services/identity/store.ts";
import type { IdentityClients } from "./identity-fixture.ts";

/** The app that these calls are about. */
export const app = { tenantId: "acme", appId: "app_1" };

let users = 0;

/** A user whom no test has used yet. */
export function newUser(): string {
  users += 1;
  return `user ${users}`;
}

export function key(appUserId: string) {
  return { ...app, appUserId };
}

/** What one event without a device says. */
export function seen(ms: number): ProfileState {
  return { firstSeenMs: ms, lastSeenMs: ms };
}

export function stateMessage({ firstSeenMs, lastSeenMs, attributes }: ProfileState) {
  if (attributes === undefined) return { firstSeenMs, lastSeenMs };
  const { t, ...rest } = attributes;
  return { firstSeenMs, lastSeenMs, attributes: { effectiveTimeMs: t, ...rest } };
}

/** Observes one user; blindly unless a version is expected. */
export async function observe(
  { identity }: IdentityClients,
  appUserId: string,
  { state, expected }: { readonly state: ProfileState; readonly expected?: bigint },
) {
  const condition = expected === undefined ? {} : { expectedVersion: expected };
  const { results } = await identity.observeProfiles({
    observations: [{ key: key(appUserId), state: stateMessage(state), ...condition }],
  });
  return { applied: results[0]!.applied, version: results[0]!.version };
}

/** Replaces one profile, or deletes it where no state is given. */
export async function replace(
  { identity }: IdentityClients,
  appUserId: string,
  { state, expected }: { readonly state?: ProfileState; readonly expected: bigint },
) {
  const content = state === undefined ? {} : { state: stateMessage(state) };
  const { results } = await identity.replaceProfiles({
    replacements: [{ key: key(appUserId), expectedVersion: expected, ...content }],
  });
  return { applied: results[0]!.applied, version: results[0]!.version };
}

export async function version({ identity }: IdentityClients, appUserId: string): Promise<bigint> {
  return (await identity.getProfileVersions({ keys: [key(appUserId)] })).versions[0]!;
}

/** What the store itself holds; undefined where there is no profile or only a tombstone. */
export async function storedState(store: IdentityStore, appUserId: string): Promise<ProfileState | undefined> {
  const [document] = (await store.profiles.load([`acme/app_1/${appUserId}`])).values();
  return document !== undefined && "state" in document.value ? document.value.state : undefined;
}
