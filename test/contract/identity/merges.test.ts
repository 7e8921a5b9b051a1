import { createHash } from "node:crypto";
import { createRouterTransport } from "@connectrpc/connect";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { DeviceRegistryService } from "../../../proto/gen/carillon/device/v1/device_registry_service_pb.js";
import { removeExpiredTombstones } from "../../../services/identity/maintenance.ts";
import { mergeKey } from "../../../services/identity/profiles/merge-messages.ts";
import { type IdentityClients, identityInstance } from "./identity-fixture.ts";
import { adapters, type OpenStore } from "./stores.ts";
import { type VirtualClock, virtualClock } from "./virtual-clock.ts";

let apps = 0;

const tokens = ["old", "new"];
const keys = tokens.map((token) => createHash("sha256").update(token).digest("hex"));

/** A registry that knows one device, of two tokens. */
const others = createRouterTransport(({ service }) => {
  service(DeviceRegistryService, {
    getAttributionScopes: ({ deviceKeys }) => ({
      scopes: deviceKeys.some((key) => keys.includes(key))
        ? [{ deviceKeys: keys, rootToken: "root", currentToken: "current" }]
        : [],
    }),
  });
});

describe.each(adapters)("the merge journal on $name", ({ open }) => {
  let clock: VirtualClock;
  let opened: OpenStore;
  let service: IdentityClients;

  beforeAll(async () => {
    clock = virtualClock(Date.UTC(2026, 0, 1));
    opened = await open(clock);
    service = identityInstance({ store: opened.store, clock, others });
  });
  afterAll(() => opened.close());

  function newApp() {
    apps += 1;
    const app = { tenantId: "journal", appId: `app_${apps}` };
    const version = async (fingerprint: string) =>
      BigInt((await opened.store.merges.load([mergeKey({ ...app, fingerprint })])).values().next().value?.version ?? 0);
    return {
      app,
      version,
      /** Replaces what is there, or with `expectedVersion` what was there. */
      async replace(
        fingerprint: string,
        eventCount: number,
        more: { deviceKey?: string; expectedVersion?: bigint } = {},
      ) {
        const { deviceKey = keys[0]!, expectedVersion = await version(fingerprint) } = more;
        const state = { deviceKey, toAppUserId: `user of ${fingerprint}`, causeMs: 1_000, eventCount, pushCount: 0 };
        const key = { ...app, fingerprint };
        const { results } = await service.identity.replaceMerges({
          replacements: [{ key, expectedVersion, ...(eventCount > 0 && { state }) }],
        });
        return results[0]!;
      },
      async listed(filter: { appUserId?: string; deviceToken?: string } = {}) {
        const { merges } = await service.profiles.listMerges({ ...app, ...filter });
        return merges.map(({ fingerprint, eventCount }) => [fingerprint, eventCount]);
      },
    };
  }

  test("shows an entry with its device's tokens as they are now", async () => {
    const { app, replace } = newApp();
    await replace("f1", 2);
    const { merges } = await service.profiles.listMerges(app);
    expect(merges).toMatchObject([
      {
        deviceToken: "current",
        fromAppUserId: "anon:root",
        toAppUserId: "user of f1",
        fingerprint: "f1",
        eventCount: 2,
      },
    ]);
    expect(merges[0]?.time).toMatchObject({ seconds: 1n, nanos: 0 });
  });

  test("replaces an entry only in the version that was read, also where there is nothing to replace", async () => {
    const { replace, listed, version } = newApp();
    expect(await replace("f1", 0)).toMatchObject({ applied: true });
    expect(await replace("f1", 1, { expectedVersion: 0n })).toEqual(
      expect.objectContaining({ applied: false, version: await version("f1") }),
    );
    expect(await replace("f1", 1)).toMatchObject({ applied: true });
    const stale = await version("f1");
    expect(await replace("f1", 2)).toMatchObject({ applied: true });
    expect(await replace("f1", 9, { expectedVersion: stale })).toMatchObject({ applied: false });
    expect(await listed()).toEqual([["f1", 2]]);
  });

  test("hides entries that take nothing, and forgets them after an hour", async () => {
    const { replace, listed, version } = newApp();
    await replace("f1", 1);
    await replace("f1", 0);
    expect(await listed()).toEqual([]);
    await removeExpiredTombstones({ store: opened.store, clock });
    expect(await version("f1")).not.toBe(0n);
    clock.advance(3_600_001);
    await removeExpiredTombstones({ store: opened.store, clock });
    expect(await version("f1")).toBe(0n);
  });

  test("is filtered by user and device in pages that neither skip nor repeat", async () => {
    const { app, replace, listed } = newApp();
    for (const n of [1, 2, 3, 4, 5]) await replace(`f${n}`, n, { deviceKey: [...keys, "other"][n % 3]! });
    await replace("f3", 0);
    expect(await listed({ appUserId: "user of f2" })).toEqual([["f2", 2]]);
    expect(await listed({ deviceToken: "unknown" })).toEqual([]);
    for (const deviceToken of tokens) {
      expect(await listed({ deviceToken })).toEqual([
        ["f1", 1],
        ["f4", 4],
      ]);
    }
    expect(await listed({ deviceToken: "old", appUserId: "user of f5" })).toEqual([]);
    const pages: string[][] = [];
    let pageToken = "";
    do {
      const page = await service.profiles.listMerges({ ...app, pageSize: 2, pageToken });
      pages.push(page.merges.map(({ fingerprint }) => fingerprint));
      pageToken = page.nextPageToken;
    } while (pageToken !== "");
    expect(pages).toEqual([
      ["f1", "f2"],
      ["f4", "f5"],
    ]);
  });
});
