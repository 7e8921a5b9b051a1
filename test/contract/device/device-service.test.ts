import { Code, ConnectError } from "@connectrpc/connect";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  ObservationOutcome_Attribution as Attribution,
  RefreshDeviceResponse_Outcome as Outcome,
} from "../../../proto/gen/carillon/device/v1/device_registry_service_pb.js";
import { deviceKeyOf } from "../../../services/runtime/device-key.ts";
import {
  app,
  type DeviceClients,
  deviceEvent,
  deviceProcess,
  engines,
  hashEvent,
  type OpenStore,
} from "./device-fixture.ts";

describe.each(engines)("the device service on $name", ({ open }) => {
  let opened: OpenStore;
  let first: DeviceClients;
  let second: DeviceClients;

  beforeEach(async () => {
    opened = await open();
    first = deviceProcess(opened.store);
    second = deviceProcess(opened.store);
  });
  afterEach(() => opened.close());

  const refresh = async (
    oldToken: string,
    newToken: string,
    more: { process?: DeviceClients; appUserId?: string } = {},
  ) => {
    const { process = first, appUserId = "" } = more;
    return (await process.registry.refreshDevice({ ...app, oldToken, newToken, appUserId, receivedTimeMs: 1 })).outcome;
  };
  const device = async (deviceToken: string) => (await second.devices.getDevice({ ...app, deviceToken })).device;
  const codeOf = (call: Promise<unknown>) =>
    call.then(
      () => undefined,
      (error: unknown) => ConnectError.from(error).code,
    );

  test("a device is found by any of its tokens and shows its latest event", async () => {
    await first.registry.observeDevices({ observations: [deviceEvent("a", 2, { user: "A" }), deviceEvent("a", 1)] });
    expect(await refresh("a", "b")).toBe(Outcome.ACCEPTED);
    await second.registry.observeDevices({ observations: [deviceEvent("b", 3, { user: "B", granted: false })] });
    const expected = { deviceToken: "b", tokens: ["a", "b"], ownerAppUserId: "B", platform: "web", deliverable: false };
    expect(await device("a")).toMatchObject(expected);
    expect(await device("b")).toMatchObject(expected);
  });

  test("a token that no live device event made known is not found, nor by another app", async () => {
    await first.registry.observeDevices({
      observations: [
        hashEvent("a", 1),
        { ...deviceEvent("b", 1), late: true },
        deviceEvent("c", 1, { appId: "other" }),
      ],
    });
    for (const token of ["a", "b", "c", "d"]) expect(await codeOf(device(token))).toBe(Code.NotFound);
    expect((await first.devices.listDevices(app)).devices).toEqual([]);
  });

  test("a refresh of an unknown token is refused, and of a new token that is another user's", async () => {
    await first.registry.observeDevices({
      observations: [
        deviceEvent("a", 1, { user: "A" }),
        deviceEvent("b", 1, { user: "B" }),
        deviceEvent("n", 1),
        hashEvent("h", 1),
      ],
    });
    expect(await refresh("x", "a")).toBe(Outcome.UNKNOWN_DEVICE);
    expect(await refresh("h", "a")).toBe(Outcome.UNKNOWN_DEVICE);
    expect(await refresh("a", "b")).toBe(Outcome.TOKEN_CONFLICT);
    expect((await device("a"))?.tokens).toEqual(["a"]);
    expect(await refresh("a", "n")).toBe(Outcome.ACCEPTED);
    expect(await refresh("n", "b", { appUserId: "B" })).toBe(Outcome.ACCEPTED);
    expect((await device("b"))?.tokens).toEqual(["a", "b", "n"]);
    expect(await codeOf(refresh("a", "a"))).toBe(Code.InvalidArgument);
  });

  test("the same refresh again is accepted and changes nothing, a token of a refresh is known", async () => {
    await first.registry.observeDevices({ observations: [deviceEvent("a", 1, { user: "A" })] });
    expect(await refresh("a", "b")).toBe(Outcome.ACCEPTED);
    expect(await refresh("b", "a", { process: second })).toBe(Outcome.ACCEPTED);
    expect(await refresh("a", "b")).toBe(Outcome.ACCEPTED);
    expect(await device("b")).toMatchObject({ deviceToken: "a", tokens: ["a", "b"] });
    expect(await refresh("b", "c")).toBe(Outcome.ACCEPTED);
    expect((await device("c"))?.tokens).toEqual(["a", "b", "c"]);
  });

  test("two devices that become one have their attribution due, until it is settled", async () => {
    await first.registry.observeDevices({
      observations: [deviceEvent("a", 1), deviceEvent("b", 2), deviceEvent("b", 3, { user: "B" })],
    });
    expect(await refresh("a", "b", { appUserId: "B" })).toBe(Outcome.ACCEPTED);
    const keys = { ...app, deviceKeys: [deviceKeyOf("a"), deviceKeyOf("b")] };
    const { scopes } = await second.registry.getAttributionScopes(keys);
    expect(scopes).toHaveLength(1);
    expect(scopes[0]).toMatchObject({ rootToken: "a", known: true, due: { fromMs: 1, toMs: 2 } });
    expect(scopes[0]?.deviceKeys.toSorted()).toEqual(keys.deviceKeys.toSorted());
    expect((await first.registry.listUnsettled({ dueBeforeMs: Date.UTC(2027), limit: 10 })).devices).toHaveLength(1);

    const settle = (dueVersion: bigint) =>
      second.registry.markSettled({ ...app, deviceKey: deviceKeyOf("b"), dueVersion });
    const due = scopes[0]?.due?.version ?? 0n;
    await settle(due - 1n);
    expect((await first.registry.getAttributionScopes(keys)).scopes[0]?.due?.version).toBe(due);
    await settle(due);
    expect((await first.registry.getAttributionScopes(keys)).scopes[0]?.due).toBeUndefined();
    expect((await first.registry.listUnsettled({ dueBeforeMs: Date.UTC(2027), limit: 10 })).devices).toEqual([]);
  });

  test("a join that its process did not complete is listed as unsettled, and completed by whoever asks for the device", async () => {
    await first.registry.observeDevices({
      observations: [deviceEvent("a", 1, { user: "A" }), deviceEvent("b", 2, { user: "A" })],
    });
    let saves = 0;
    const stopping = {
      ...opened.store,
      async save(writes: Parameters<typeof opened.store.save>[0]) {
        saves += 1;
        if (saves > 1) throw new ConnectError("stopped", Code.Unavailable);
        return opened.store.save(writes);
      },
    };
    expect(await codeOf(refresh("a", "b", { process: deviceProcess(stopping) }))).toBe(Code.Unavailable);
    const { devices } = await second.registry.listUnsettled({ dueBeforeMs: Date.UTC(2027), limit: 10 });
    expect(devices).toMatchObject([{ ...app, deviceKey: deviceKeyOf("a") }]);
    await second.registry.getAttributionScopes({ ...app, deviceKeys: [deviceKeyOf("a")] });
    expect((await device("b"))?.tokens).toEqual(["a", "b"]);
    expect((await second.registry.listUnsettled({ dueBeforeMs: Date.UTC(2027), limit: 10 })).devices).toEqual([]);
  });

  test("outcomes say how floating events are attributed, in the order of the request", async () => {
    const { outcomes, scopes } = await first.registry.observeDevices({
      observations: [
        hashEvent("x", 1),
        deviceEvent("a", 5),
        deviceEvent("a", 3),
        deviceEvent("a", 4, { user: "A" }),
        hashEvent("a", 4.5),
        hashEvent("a", 9),
      ],
    });
    expect(outcomes.map(({ attribution }) => attribution)).toEqual([
      Attribution.WAITING,
      Attribution.ANONYMOUS_PROFILE,
      Attribution.BY_TIMELINE,
      Attribution.UNSPECIFIED,
      Attribution.BY_TIMELINE,
      Attribution.ANONYMOUS_PROFILE,
    ]);
    expect(outcomes.map(({ scope }) => scopes[scope]?.rootToken)).toEqual(["", "a", "a", "a", "a", "a"]);
    const again = await first.registry.observeDevices({
      observations: [deviceEvent("a", 8, { user: "B" }), hashEvent("a", 10)],
    });
    expect(again.outcomes[1]).toMatchObject({ attribution: Attribution.OWNER, ownerAppUserId: "B" });
  });

  test("a user is unlinked and relinked, each making due what floats", async () => {
    await first.registry.observeDevices({ observations: [deviceEvent("a", 1), deviceEvent("a", 2, { user: "A" })] });
    const link = (linked: boolean, token = "a") =>
      first.registry.setUserLink({ ...app, deviceKey: deviceKeyOf(token), appUserId: "A", linked });
    const scope = async () =>
      (await second.registry.getAttributionScopes({ ...app, deviceKeys: [deviceKeyOf("a")] })).scopes[0];
    await link(false);
    expect(await scope()).toMatchObject({ unlinkedAppUserIds: ["A"], due: { fromMs: 1, toMs: 1 } });
    const before = (await scope())?.version;
    await link(false);
    expect((await scope())?.version).toBe(before);
    await link(true);
    expect((await scope())?.unlinkedAppUserIds).toEqual([]);
    expect(await codeOf(link(false, "unknown"))).toBe(Code.NotFound);
  });

  test("a token that a provider refused is undeliverable until a later event, also if the report came before the device", async () => {
    const report = (deviceToken: string, receivedTimeMs: number) =>
      first.registry.reportInvalidTokens({
        ...app,
        tokens: [
          { deviceToken, receivedTimeMs },
          { deviceToken, receivedTimeMs: 1 },
        ],
      });
    await report("a", 10);
    expect(await codeOf(device("a"))).toBe(Code.NotFound);
    await second.registry.observeDevices({ observations: [deviceEvent("a", 5, { user: "A" })] });
    expect((await device("a"))?.deliverable).toBe(false);
    await second.registry.observeDevices({ observations: [deviceEvent("a", 11, { user: "A" })] });
    expect((await device("a"))?.deliverable).toBe(true);
    await refresh("a", "b");
    await report("a", 12);
    expect((await device("a"))?.deliverable).toBe(true);
    await report("b", 12);
    expect((await device("a"))?.deliverable).toBe(false);
  });

  test("devices are listed by owner and deliverability, page by page", async () => {
    await first.registry.observeDevices({
      observations: Array.from({ length: 7 }, (_, index) =>
        deviceEvent(`t${index}`, 1, { user: index < 4 ? "A" : "B", granted: index % 2 === 0 }),
      ),
    });
    await refresh("t0", "u0");
    const tokens = async (filter: { ownerAppUserId?: string; deliverable?: boolean }) => {
      const listed: string[] = [];
      for (let pageToken = ""; ; ) {
        const page = await second.devices.listDevices({ ...app, ...filter, pageSize: 2, pageToken });
        expect(page.devices.length).toBeLessThanOrEqual(2);
        listed.push(...page.devices.map(({ deviceToken }) => deviceToken));
        pageToken = page.nextPageToken;
        if (pageToken === "") return listed.sort();
      }
    };
    expect(await tokens({})).toEqual(["t1", "t2", "t3", "t4", "t5", "t6", "u0"]);
    expect(await tokens({ ownerAppUserId: "A" })).toEqual(["t1", "t2", "t3", "u0"]);
    expect(await tokens({ ownerAppUserId: "A", deliverable: true })).toEqual(["t2", "u0"]);
    expect(await tokens({ deliverable: false })).toEqual(["t1", "t3", "t5"]);
    expect(await tokens({ ownerAppUserId: "nobody" })).toEqual([]);
    for (const wrong of [{ pageSize: 1001 }, { pageSize: -1 }, { pageToken: "zz" }]) {
      expect(await codeOf(second.devices.listDevices({ ...app, ...wrong }))).toBe(Code.InvalidArgument);
    }
  });

  test("processes that observe and join the same devices at once lose nothing", async ({ skip }) => {
    if (!opened.atomicUpdates) skip("this server lets two conditional updates of one document both succeed");
    await first.registry.observeDevices({
      observations: ["a", "b", "c"].map((token) => deviceEvent(token, 1, { user: "A" })),
    });
    await Promise.all([
      refresh("a", "b"),
      refresh("b", "a", { process: second }),
      refresh("c", "a", { process: second }),
      ...Array.from({ length: 12 }, (_, index) =>
        [first, second][index % 2]?.registry.observeDevices({
          observations: [deviceEvent("abc"[index % 3] ?? "", 10 + index), hashEvent("b", 100)],
        }),
      ),
    ]);
    const { scopes } = await first.registry.getAttributionScopes({
      ...app,
      deviceKeys: [deviceKeyOf("a"), deviceKeyOf("b"), deviceKeyOf("c")],
    });
    expect(scopes).toHaveLength(1);
    expect(scopes[0]?.due).toMatchObject({ fromMs: 10, toMs: 100 });
    expect((await device("c"))?.tokens).toEqual(["a", "b", "c"]);
    const { devices } = await second.devices.listDevices(app);
    expect(devices).toHaveLength(1);
  });

  test("a batch about devices that the process has just seen loads nothing and saves once", async () => {
    const calls: string[] = [];
    const counting = deviceProcess({
      ...opened.store,
      load(keys) {
        calls.push("load");
        return opened.store.load(keys);
      },
      save(writes) {
        calls.push("save");
        return opened.store.save(writes);
      },
    });
    const batch = (at: number) => ({
      observations: ["a", "b", "a"].map((token, index) => deviceEvent(token, at + index, { user: "A" })),
    });
    await counting.registry.observeDevices(batch(1));
    calls.length = 0;
    await counting.registry.observeDevices(batch(10));
    expect(calls).toEqual(["save"]);
    calls.length = 0;
    await counting.registry.observeDevices(batch(10));
    expect(calls).toEqual(["load"]);
  });

  test("an observation that changes nothing is decided on the device as it is stored, not as it is remembered", async () => {
    const [first, second] = [deviceProcess(opened.store), deviceProcess(opened.store)];
    await first.registry.observeDevices({ observations: [deviceEvent("a", 10), deviceEvent("a", 5)] });
    await second.registry.observeDevices({ observations: [deviceEvent("a", 9, { user: "A" })] });
    const { outcomes } = await first.registry.observeDevices({ observations: [deviceEvent("a", 7)] });
    expect(outcomes[0]?.attribution).toBe(Attribution.BY_TIMELINE);
  });
});
