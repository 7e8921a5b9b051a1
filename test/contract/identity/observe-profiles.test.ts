import { Code } from "@connectrpc/connect";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { removeExpiredTombstones } from "../../../services/identity/maintenance.ts";
import type { IdentityStore, ProfileDocument } from "../../../services/identity/store.ts";
import { StoreUnavailableError } from "../../../services/runtime/store-unavailable-error.ts";
import { conflict, type VersionedDocuments } from "../../../services/storage/versioned-documents.ts";
import { anyObservation, fold } from "../../unit/identity/observations.ts";
import { type IdentityClients, identityInstance } from "./identity-fixture.ts";
import { key, newUser, observe, replace, seen, storedState, version } from "./profile-calls.ts";
import { adapters, type OpenStore } from "./stores.ts";
import { type VirtualClock, virtualClock } from "./virtual-clock.ts";

const HOUR = 3_600_000;
describe.each(adapters)("profiles on $name", ({ open }) => {
  let clock: VirtualClock;
  let opened: OpenStore;
  let store: IdentityStore;
  let one: IdentityClients;
  let other: IdentityClients;

  beforeAll(async () => {
    clock = virtualClock(Date.UTC(2026, 0, 1));
    opened = await open(clock);
    store = opened.store;
    one = identityInstance({ store, clock });
    other = identityInstance({ store, clock });
  });
  afterAll(() => opened.close());

  test("observations made at once by two processes add up to their fold", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyObservation, { minLength: 1, maxLength: 12 }), async (observations) => {
        const user = newUser();
        const calls = observations.map((state, i) => () => observe(i % 2 === 0 ? one : other, user, { state }));
        const results = opened.atomicUpdates ? await Promise.all(calls.map((call) => call())) : await inTurn(calls);
        expect(results.every(({ applied }) => applied)).toBe(true);
        expect(await storedState(store, user)).toEqual(fold(observations));
      }),
      { numRuns: 15 },
    );
  });

  test("results of a batch are in its order, each profile on its own", async () => {
    const [known, unknown, refused] = [newUser(), newUser(), newUser()];
    const { version: knownVersion } = await observe(one, known, { state: seen(1) });
    const { version: refusedVersion } = await observe(one, refused, { state: seen(1) });
    const { results } = await one.identity.observeProfiles({
      observations: [
        { key: key(unknown), state: seen(2) },
        { key: key(refused), state: seen(2), expectedVersion: refusedVersion - 1n },
        { key: key(known), state: seen(2), expectedVersion: knownVersion },
      ],
    });
    expect(results.map(({ applied }) => applied)).toEqual([true, false, true]);
    const { versions } = await one.identity.getProfileVersions({
      keys: [key(unknown), key(refused), key(known), key("nobody")],
    });
    expect(versions).toEqual([...results.map((result) => result.version), 0n]);
    expect(versions[1]).toBe(refusedVersion);
    expect(await storedState(store, refused)).toEqual(seen(1));
  });

  test("an observation that expects no profile is applied where there is none and refused where there is one", async () => {
    const user = newUser();
    const first = await observe(one, user, { state: seen(1), expected: 0n });
    expect(first.applied).toBe(true);
    expect(await observe(one, user, { state: seen(2), expected: 0n })).toEqual({
      applied: false,
      version: first.version,
    });
    expect(await observe(other, user, { state: seen(2), expected: 0n })).toEqual({
      applied: false,
      version: first.version,
    });
  });

  test("an observation that wrongly expects no profile is refused after one save and one load", async () => {
    const user = newUser();
    await observe(one, user, { state: seen(1) });
    const calls: string[] = [];
    const instance = identityInstance({ store: { ...store, profiles: counting(store.profiles, calls) }, clock });
    expect((await observe(instance, user, { state: seen(2), expected: 0n })).applied).toBe(false);
    expect(calls).toEqual(["save", "load"]);
  });

  test("an observation is refused when another process has written since its version", async () => {
    const user = newUser();
    const { version: before } = await observe(one, user, { state: seen(1) });
    const { version: since } = await observe(other, user, { state: seen(2) });
    expect(await observe(one, user, { state: seen(3), expected: before })).toEqual({ applied: false, version: since });
    expect((await observe(one, user, { state: seen(3), expected: since })).applied).toBe(true);
    expect(await storedState(store, user)).toEqual({ firstSeenMs: 1, lastSeenMs: 3 });
  });

  test("an observation that adds nothing refuses a replacement computed before it", async () => {
    const user = newUser();
    await observe(one, user, { state: { firstSeenMs: 1, lastSeenMs: 9 } });
    const before = await version(one, user);
    const { version: since } = await observe(one, user, { state: seen(5) });
    expect(await replace(one, user, { expected: before, state: seen(1) })).toEqual({ applied: false, version: since });
    expect(await storedState(store, user)).toEqual({ firstSeenMs: 1, lastSeenMs: 9 });
  });

  test("a replacement narrows a profile and gives it a new version", async () => {
    const user = newUser();
    const { version: before } = await observe(one, user, { state: { firstSeenMs: 1, lastSeenMs: 9 } });
    const { applied, version: since } = await replace(other, user, { expected: before, state: seen(4) });
    expect(applied).toBe(true);
    expect(since).not.toBe(before);
    expect(await storedState(store, user)).toEqual(seen(4));
    // The first process still remembers the wide profile.
    await observe(one, user, { state: seen(5) });
    expect(await storedState(store, user)).toEqual({ firstSeenMs: 4, lastSeenMs: 5 });
  });

  test("a deleted profile leaves a version that refuses what was decided before", async () => {
    const user = newUser();
    const { version: before } = await observe(one, user, { state: seen(1) });
    const tombstone = await replace(one, user, { expected: before });
    expect(tombstone.applied).toBe(true);
    expect(await version(other, user)).toBe(tombstone.version);
    for (const expected of [0n, before]) {
      expect(await observe(other, user, { state: seen(2), expected: expected })).toEqual({
        applied: false,
        version: tombstone.version,
      });
    }
    await expect(one.profiles.getProfile(key(user))).rejects.toThrow("not_found");
  });

  test("deleting a profile that never was leaves a version all the same", async () => {
    const user = newUser();
    const tombstone = await replace(one, user, { expected: 0n });
    expect(tombstone.applied).toBe(true);
    expect(await observe(one, user, { state: seen(1), expected: 0n })).toEqual({
      applied: false,
      version: tombstone.version,
    });
  });

  test("a deleted profile begins anew with what is observed later", async () => {
    const user = newUser();
    const { version: before } = await observe(one, user, { state: { firstSeenMs: 1, lastSeenMs: 9 } });
    const { version: deleted } = await replace(one, user, { expected: before });
    expect((await observe(one, user, { state: seen(5), expected: deleted })).applied).toBe(true);
    expect(await storedState(store, user)).toEqual(seen(5));
  });

  test("an hour after the deletion nothing is left, unless the profile has come back", async () => {
    const [gone, back] = [newUser(), newUser()];
    for (const user of [gone, back]) await replace(one, user, { expected: 0n });
    await observe(one, back, { state: seen(1) });
    clock.advance(HOUR);
    await removeExpiredTombstones({ store, clock });
    expect(await version(one, gone)).not.toBe(0n);
    clock.advance(1);
    await removeExpiredTombstones({ store, clock });
    expect(await version(one, gone)).toBe(0n);
    expect(await storedState(store, back)).toEqual(seen(1));
    // The other process may remember what was removed.
    expect((await observe(one, gone, { state: seen(2), expected: 0n })).applied).toBe(true);
    expect(await storedState(store, gone)).toEqual(seen(2));
  });

  test("a process that remembers a removed tombstone widens blindly from nothing", async () => {
    const user = newUser();
    await replace(one, user, { expected: 0n });
    clock.advance(HOUR + 1);
    await removeExpiredTombstones({ store, clock });
    expect((await observe(one, user, { state: seen(7) })).applied).toBe(true);
    expect(await storedState(store, user)).toEqual(seen(7));
  });

  test("a steady batch needs one save and no load", async () => {
    const calls: string[] = [];
    const instance = identityInstance({ store: { ...store, profiles: counting(store.profiles, calls) }, clock });
    const observations = [newUser(), newUser(), newUser()].map((user) => ({ key: key(user), state: seen(1) }));
    await instance.identity.observeProfiles({ observations });
    expect(calls).toEqual(["load", "save"]);
    await instance.identity.observeProfiles({ observations });
    expect(calls).toEqual(["load", "save", "save"]);
  });

  test("a profile that others keep changing is reported as not applied, and does not fail its batch", async () => {
    const [busy, quiet] = [newUser(), newUser()];
    const { version: before } = await observe(other, busy, { state: seen(1) });
    const losing: VersionedDocuments<ProfileDocument> = {
      ...store.profiles,
      async save(writes) {
        const lost = writes.findIndex((write) => write.key.endsWith(`/${busy}`));
        const versions = await store.profiles.save(writes.filter((_, i) => i !== lost));
        return lost < 0 ? versions : versions.toSpliced(lost, 0, conflict);
      },
    };
    const instance = identityInstance({ store: { ...store, profiles: losing }, clock });
    const { results } = await instance.identity.observeProfiles({
      observations: [busy, quiet].map((user) => ({ key: key(user), state: seen(2) })),
    });
    expect(results.map(({ applied }) => applied)).toEqual([false, true]);
    expect(results[0]!.version).toBe(before);
    expect(await storedState(store, quiet)).toEqual(seen(2));
  });

  test("after a save whose outcome is unknown, the store is asked again", async () => {
    const user = newUser();
    let failing = false;
    const lossy: VersionedDocuments<ProfileDocument> = {
      ...store.profiles,
      async save(writes) {
        const versions = await store.profiles.save(writes);
        if (failing) throw new StoreUnavailableError("the answer was lost", { reason: "failed" });
        return versions;
      },
    };
    const instance = identityInstance({ store: { ...store, profiles: lossy }, clock });
    await observe(instance, user, { state: seen(5) });
    failing = true;
    const failure = observe(instance, user, { state: seen(3) });
    await expect(failure).rejects.toMatchObject({ code: Code.Unavailable });
    failing = false;
    expect((await observe(instance, user, { state: seen(8) })).applied).toBe(true);
    expect(await storedState(store, user)).toEqual({ firstSeenMs: 3, lastSeenMs: 8 });
  });

  test("a profile named twice in one request is an error", async () => {
    const observation = { key: key(newUser()), state: seen(1) };
    await expect(one.identity.observeProfiles({ observations: [observation, observation] })).rejects.toThrow(
      "named twice",
    );
  });
});

/** What can be shown on a server without atomic updates. */
async function inTurn<T>(calls: readonly (() => Promise<T>)[]): Promise<T[]> {
  const results: T[] = [];
  for (const call of calls) results.push(await call());
  return results;
}

function counting<T>(documents: VersionedDocuments<T>, calls: string[]): VersionedDocuments<T> {
  return {
    ...documents,
    load(keys) {
      calls.push("load");
      return documents.load(keys);
    },
    save(writes) {
      calls.push("save");
      return documents.save(writes);
    },
  };
}
