import { timestampDate } from "@bufbuild/protobuf/wkt";
import { Code } from "@connectrpc/connect";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type IdentityClients, identityInstance } from "./identity-fixture.ts";
import { app, newUser, observe, replace, seen, version } from "./profile-calls.ts";
import { adapters, type OpenStore } from "./stores.ts";
import { virtualClock } from "./virtual-clock.ts";

let apps = 0;

describe.each(adapters)("reading profiles on $name", ({ open }) => {
  let opened: OpenStore;
  let service: IdentityClients;

  beforeAll(async () => {
    const clock = virtualClock(Date.UTC(2026, 0, 1));
    opened = await open(clock);
    service = identityInstance({ store: opened.store, clock });
  });
  afterAll(() => opened.close());

  /** A new app with these users. */
  async function appWith(appUserIds: readonly string[]) {
    apps += 1;
    const owner = { tenantId: "reads", appId: `app_${apps}` };
    const observations = appUserIds.map((appUserId) => ({ key: { ...owner, appUserId }, state: seen(1) }));
    await service.identity.observeProfiles({ observations });
    return owner;
  }

  async function listAll(owner: { tenantId: string; appId: string }, pageSize: number): Promise<string[][]> {
    const pages: string[][] = [];
    let pageToken = "";
    do {
      const { profiles, nextPageToken } = await service.profiles.listProfiles({ ...owner, pageSize, pageToken });
      pages.push(profiles.map(({ appUserId }) => appUserId));
      pageToken = nextPageToken;
    } while (pageToken !== "");
    return pages;
  }

  test("a profile shows its times and the attributes of its latest device event", async () => {
    const user = newUser();
    const attributes = {
      t: 5,
      fingerprint: "f",
      platform: "ios",
      timezone: "Asia/Kolkata",
      language: "hi",
      country: "IN",
    };
    await observe(service, user, { state: { firstSeenMs: -62_135_596_800_000, lastSeenMs: 1_500, attributes } });
    const { profile } = await service.profiles.getProfile({ ...app, appUserId: user });
    expect(profile).toMatchObject({
      appUserId: user,
      anonymous: false,
      platform: "ios",
      timezone: "Asia/Kolkata",
      language: "hi",
      country: "IN",
    });
    expect(timestampDate(profile!.firstSeenTime!).toISOString()).toBe("0001-01-01T00:00:00.000Z");
    expect(timestampDate(profile!.lastSeenTime!).toISOString()).toBe("1970-01-01T00:00:01.500Z");
  });

  test("a user without a device event has empty attributes", async () => {
    const user = newUser();
    await observe(service, user, { state: seen(1) });
    const { profile } = await service.profiles.getProfile({ ...app, appUserId: user });
    expect(profile).toMatchObject({ platform: "", timezone: "", language: "", country: "" });
  });

  test("an unknown user, and a user of another app, is not found", async () => {
    const user = newUser();
    await observe(service, user, { state: seen(1) });
    for (const named of [
      { ...app, appUserId: "nobody" },
      { ...app, appId: "app_other", appUserId: user },
    ]) {
      await expect(service.profiles.getProfile(named)).rejects.toMatchObject({ code: Code.NotFound });
    }
  });

  test("a request that names no app or no user is an error", async () => {
    for (const wrong of [
      { ...app, appUserId: "" },
      { ...app, tenantId: "", appUserId: "x" },
      { ...app, appId: "", appUserId: "x" },
    ]) {
      await expect(service.profiles.getProfile(wrong)).rejects.toMatchObject({ code: Code.InvalidArgument });
    }
  });

  test("profiles are listed by user id, page by page, each once", async () => {
    const owner = await appWith(["c", "a", "e", "b", "d"]);
    expect(await listAll(owner, 2)).toEqual([["a", "b"], ["c", "d"], ["e"]]);
    expect(await listAll(owner, 5)).toEqual([["a", "b", "c", "d", "e"]]);
    expect(await listAll(owner, 0)).toEqual([["a", "b", "c", "d", "e"]]);
  });

  test("ids come back byte for byte, very long anonymous ones included", async () => {
    const ids = ["a/b", "🔔", "a\u0000b", " ", "%", "$x.y", `anon:${"🔔".repeat(4_096)}`, `anon:${"x".repeat(4_096)}`];
    const owner = await appWith(ids);
    expect((await listAll(owner, 3)).flat().toSorted()).toEqual(ids.toSorted());
    const { profile } = await service.profiles.getProfile({ ...owner, appUserId: "a\u0000b" });
    expect(profile?.appUserId).toBe("a\u0000b");
  });

  test("a listing shows only its own app", async () => {
    const owner = await appWith(["a"]);
    await service.identity.observeProfiles({
      observations: [{ key: { ...owner, appId: `${owner.appId}0`, appUserId: "b" }, state: seen(1) }],
    });
    expect(await listAll(owner, 10)).toEqual([["a"]]);
  });

  test("users who arrive or go while pages are read neither repeat nor hide the others", async () => {
    const owner = await appWith(["b", "d", "f", "h"]);
    const first = await service.profiles.listProfiles({ ...owner, pageSize: 2 });
    expect(first.profiles.map(({ appUserId }) => appUserId)).toEqual(["b", "d"]);
    await service.identity.observeProfiles({
      observations: ["a", "c", "g"].map((appUserId) => ({ key: { ...owner, appUserId }, state: seen(1) })),
    });
    const d = { ...owner, appUserId: "d" };
    const { versions } = await service.identity.getProfileVersions({ keys: [d] });
    await service.identity.replaceProfiles({ replacements: [{ key: d, expectedVersion: versions[0]! }] });
    const second = await service.profiles.listProfiles({ ...owner, pageSize: 9, pageToken: first.nextPageToken });
    expect(second.profiles.map(({ appUserId }) => appUserId)).toEqual(["f", "g", "h"]);
    expect(second.nextPageToken).toBe("");
  });

  test("deleted profiles take no place on a page", async () => {
    const owner = await appWith(["a", "b", "c", "d", "e", "f", "g"]);
    const keys = ["a", "b", "c", "d", "f"].map((appUserId) => ({ ...owner, appUserId }));
    const { versions } = await service.identity.getProfileVersions({ keys });
    const replacements = keys.map((key, i) => ({ key, expectedVersion: versions[i]! }));
    await service.identity.replaceProfiles({ replacements });
    expect(await listAll(owner, 1)).toEqual([["e"], ["g"]]);
    expect(await listAll(owner, 2)).toEqual([["e", "g"]]);
  });

  test.each([-1, 1_001])("a page size of %d is an error", async (pageSize) => {
    const failure = service.profiles.listProfiles({ ...app, pageSize });
    await expect(failure).rejects.toMatchObject({ code: Code.InvalidArgument });
    await expect(failure).rejects.toThrow(String(pageSize));
  });

  test.each(["!", "x", "gA"])("a page token %s that was never given out is an error", async (pageToken) => {
    const failure = service.profiles.listProfiles({ ...app, pageToken });
    await expect(failure).rejects.toMatchObject({ code: Code.InvalidArgument });
  });

  test("a profile that was deleted is not found", async () => {
    const user = newUser();
    await observe(service, user, { state: seen(1) });
    await replace(service, user, { expected: await version(service, user) });
    await expect(service.profiles.getProfile({ ...app, appUserId: user })).rejects.toMatchObject({
      code: Code.NotFound,
    });
  });
});
