import { createHash } from "node:crypto";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, createRouterTransport, type Transport } from "@connectrpc/connect";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { DeviceRegistryService } from "../../../proto/gen/carillon/device/v1/device_registry_service_pb.js";
import { DeviceService } from "../../../proto/gen/carillon/device/v1/device_service_pb.js";
import { EventService } from "../../../proto/gen/carillon/ingestion/v1/event_service_pb.js";
import { identityInstance } from "./identity-fixture.ts";
import { app, seen } from "./profile-calls.ts";
import { adapters, type OpenStore } from "./stores.ts";
import { type VirtualClock, virtualClock } from "./virtual-clock.ts";

/** What the other services know of the one device there is. */
interface KnownDevice {
  readonly tokens: readonly string[];
  readonly rootToken: string;
  readonly owner?: string;
  /** By token, latest first. */
  readonly events?: Readonly<Record<string, readonly KnownEvent[]>>;
}

interface KnownEvent {
  readonly ms: number;
  readonly user: string;
  readonly fingerprint?: string;
  readonly late?: boolean;
}

function otherServices({ tokens, rootToken, owner = "", events = {} }: KnownDevice): Transport {
  const keys = tokens.map((token) => createHash("sha256").update(token).digest("hex"));
  return createRouterTransport(({ service }) => {
    service(DeviceRegistryService, {
      getAttributionScopes: ({ deviceKeys }) => ({
        scopes: deviceKeys.some((key) => keys.includes(key)) ? [{ deviceKeys: keys, rootToken, known: true }] : [],
      }),
    });
    service(DeviceService, {
      getDevice({ deviceToken }) {
        if (!tokens.includes(deviceToken)) throw new ConnectError("no such device", Code.NotFound);
        return { device: { tokens: [...tokens], ownerAppUserId: owner } };
      },
    });
    service(EventService, {
      listEvents({ deviceToken, pageSize, pageToken }) {
        const all = events[deviceToken] ?? [];
        const from = Number(pageToken);
        const page = all.slice(from, from + pageSize);
        return {
          nextPageToken: from + pageSize < all.length ? String(from + pageSize) : "",
          events: page.map(({ ms, user, fingerprint = "0", late = false }) => ({
            fingerprint,
            appUserId: user,
            effectiveTime: timestampFromMs(ms),
            flags: late ? ["late"] : [],
          })),
        };
      },
    });
  });
}

describe("an anon: id", () => {
  let clock: VirtualClock;
  let opened: OpenStore;

  beforeAll(async () => {
    clock = virtualClock(Date.UTC(2026, 0, 1));
    opened = await adapters[0]!.open(clock);
    const { identity } = identityInstance({ store: opened.store, clock });
    const users = ["ada", "bob", "eve", "anon:has-profile", "anon:stale-root"];
    await identity.observeProfiles({
      observations: users.map((appUserId) => ({ key: { ...app, appUserId }, state: seen(1) })),
    });
  });
  afterAll(() => opened.close());

  async function resolved(token: string, device: KnownDevice) {
    const { profiles } = identityInstance({ store: opened.store, clock, others: otherServices(device) });
    const { profile } = await profiles.getProfile({ ...app, appUserId: `anon:${token}` });
    return { appUserId: profile!.appUserId, anonymous: profile!.anonymous };
  }

  test("of any token is the device's anonymous profile if there is one, even if the device has an owner", async () => {
    const device = { tokens: ["has-profile", "newer"], rootToken: "has-profile", owner: "ada" };
    for (const token of device.tokens) {
      expect(await resolved(token, device)).toEqual({ appUserId: "anon:has-profile", anonymous: true });
    }
  });

  test("does not show a profile that is named for another token than the root", async () => {
    const device = { tokens: ["stale-root", "root"], rootToken: "root", owner: "ada" };
    expect(await resolved("stale-root", device)).toEqual({ appUserId: "ada", anonymous: false });
  });

  test("is the owner where the device has no anonymous profile", async () => {
    const device = { tokens: ["t"], rootToken: "t", owner: "bob", events: { t: [{ ms: 9, user: "ada" }] } };
    expect(await resolved("t", device)).toEqual({ appUserId: "bob", anonymous: false });
  });

  test("is the user with the latest of the events of all tokens where nobody owns the device", async () => {
    const events = { t1: [{ ms: 5, user: "ada" }], t2: [{ ms: 7, user: "bob" }], t3: [{ ms: 6, user: "eve" }] };
    const device = { tokens: ["t1", "t2", "t3", "t4"], rootToken: "t1", events };
    expect((await resolved("t4", device)).appUserId).toBe("bob");
  });

  test("of two latest events takes the greater fingerprint", async () => {
    const events = { t1: [{ ms: 5, user: "ada", fingerprint: "b" }], t2: [{ ms: 5, user: "bob", fingerprint: "a" }] };
    for (const tokens of [
      ["t1", "t2"],
      ["t2", "t1"],
    ]) {
      expect((await resolved("t1", { tokens, rootToken: "t1", events })).appUserId).toBe("ada");
    }
  });

  test("passes over late and waiting events, over several pages", async () => {
    const late = Array.from({ length: 25 }, (_, i) => ({ ms: 100 - i, user: i % 2 === 0 ? "" : "eve", late: true }));
    const events = { t: [{ ms: 101, user: "" }, ...late, { ms: 3, user: "ada" }, { ms: 2, user: "bob" }] };
    expect((await resolved("t", { tokens: ["t"], rootToken: "t", events })).appUserId).toBe("ada");
  });

  test.each([
    ["of an unknown token", "unknown", { tokens: ["t"], rootToken: "t", owner: "ada" }],
    ["of a device known by hash alone", "t", { tokens: ["t"], rootToken: "" }],
    ["of a device without live events", "t", { tokens: ["t"], rootToken: "t", events: { t: [] } }],
  ])("%s is not found", async (_, token, device) => {
    await expect(resolved(token, device)).rejects.toMatchObject({ code: Code.NotFound });
  });

  test("is not called unknown when the device service cannot be asked", async () => {
    const others = createRouterTransport(({ service }) => {
      service(DeviceRegistryService, {
        getAttributionScopes() {
          throw new ConnectError("down", Code.Unavailable);
        },
      });
    });
    const { profiles } = identityInstance({ store: opened.store, clock, others });
    const failure = profiles.getProfile({ ...app, appUserId: "anon:has-profile" });
    await expect(failure).rejects.toMatchObject({ code: Code.Unavailable });
  });
});
