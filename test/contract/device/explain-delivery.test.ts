import { timestampMs } from "@bufbuild/protobuf/wkt";
import { Code, type ServiceImpl } from "@connectrpc/connect";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { DeliveryExplanation } from "../../../proto/gen/carillon/device/v1/device_service_pb.js";
import { EventService, type ListEventsRequest } from "../../../proto/gen/carillon/ingestion/v1/event_service_pb.js";
import { deviceKeyOf } from "../../../services/runtime/device-key.ts";
import { hostedService } from "../../../services/runtime/hosted-service.ts";
import { app, type DeviceClients, deviceEvent, deviceProcess, engines, type OpenStore } from "./device-fixture.ts";

describe.each(engines)("explaining a delivery on $name", ({ open }) => {
  let opened: OpenStore;
  let device: DeviceClients;
  let asked: ListEventsRequest | undefined;
  /** What the user's latest events name. */
  let named: { readonly deviceToken?: string; readonly deviceTokenHash?: string }[];

  beforeEach(async () => {
    opened = await open();
    asked = undefined;
    named = [];
    // Of the service nothing else is asked.
    const handlers: Pick<ServiceImpl<typeof EventService>, "listEvents"> = {
      listEvents(request) {
        asked = request;
        return { events: named };
      },
    };
    const events = hostedService(EventService, handlers as ServiceImpl<typeof EventService>);
    device = deviceProcess(opened.store, { others: [events] });
    return () => opened.close();
  });
  afterEach(async () => {
    for (const { deviceToken, deliverable, checks } of lastExplained) {
      const passed = (name: string) => checks.find((check) => check.name === name)?.passed ?? false;
      expect(deliverable).toBe(passed("seen") && passed("permission") && passed("token"));
      const seen = await device.devices.getDevice({ ...app, deviceToken }).catch(() => undefined);
      expect(deliverable).toBe(seen?.device?.deliverable ?? false);
    }
  });

  let lastExplained: readonly DeliveryExplanation[] = [];

  async function explain(who: { readonly deviceToken?: string; readonly appUserId?: string }) {
    const { explanations } = await device.devices.explainDelivery({ ...app, ...who });
    lastExplained = explanations;
    return explanations.map(({ deviceToken, deliverable, checks }) => ({
      deviceToken,
      deliverable,
      failed: checks.filter(({ passed }) => !passed).map(({ name }) => name),
      by: Object.fromEntries(
        checks.map(({ name, fingerprint, time }) => [name, [fingerprint, time && timestampMs(time)]]),
      ),
      says: (name: string) => checks.find((check) => check.name === name)?.detail,
    }));
  }

  const observe = (
    ...observations: (ReturnType<typeof deviceEvent> & { readonly leaves?: boolean; readonly late?: boolean })[]
  ) => device.registry.observeDevices({ observations });
  const refresh = (oldToken: string, newToken: string, receivedTimeMs = 50) =>
    device.registry.refreshDevice({ ...app, oldToken, newToken, receivedTimeMs });

  test("a reachable device passes every check, each decided by its latest event", async () => {
    await observe(deviceEvent("a", 5, { user: "ann" }), deviceEvent("a", 9, { user: "ann" }));
    const [explained] = await explain({ deviceToken: "a" });
    expect(explained).toMatchObject({ deviceToken: "a", deliverable: true, failed: [] });
    expect(explained?.by).toMatchObject({ seen: ["a9", 9], owner: ["a9", 9], permission: ["a9", 9] });
    expect(Object.keys(explained?.by ?? {})).toEqual(["seen", "erased", "rotation", "owner", "permission", "token"]);
  });

  test("a token that nothing made known is explained, not refused", async () => {
    await observe({ ...deviceEvent("late", 5), late: true });
    for (const deviceToken of ["never", "late"]) {
      expect(await explain({ deviceToken })).toMatchObject([{ deviceToken, deliverable: false, failed: ["seen"] }]);
    }
  });

  test("a retired token names the current one, under which the device is reached", async () => {
    await observe(deviceEvent("a", 5, { user: "ann" }));
    await refresh("a", "b", 60);
    const [explained] = await explain({ deviceToken: "a" });
    expect(explained).toMatchObject({ deviceToken: "b", deliverable: true, failed: ["rotation"] });
    expect(explained?.by.rotation).toEqual(["", 60]);
    expect(explained?.says("rotation")).toBe('"a" is retired; the current token is "b".');
    expect(await explain({ deviceToken: "b" })).toMatchObject([{ failed: [] }]);
  });

  test("the owner check tells who took the device over, or that its user left", async () => {
    await observe(deviceEvent("a", 5, { user: "ann" }), deviceEvent("a", 7, { user: "bob" }));
    const [ann] = await explain({ deviceToken: "a", appUserId: "ann" });
    expect(ann).toMatchObject({ deliverable: true, failed: ["owner"], by: { owner: ["a7", 7] } });
    expect(ann?.says("owner")).toBe('The device\'s latest event names "bob", not "ann".');
    expect(await explain({ deviceToken: "a", appUserId: "bob" })).toMatchObject([{ failed: [] }]);
    await observe({ ...deviceEvent("a", 9, { user: "bob" }), leaves: true });
    const [left] = await explain({ deviceToken: "a", appUserId: "bob" });
    expect(left).toMatchObject({ deliverable: true, failed: ["owner"], by: { owner: ["a9", 9] } });
    expect(left?.says("owner")).toContain('"bob" logged out');
    expect(await explain({ appUserId: "anon:a" })).toMatchObject([{ deviceToken: "a", failed: [] }]);
  });

  test("permission is decided by the latest event", async () => {
    await observe(deviceEvent("a", 5, { user: "ann" }), deviceEvent("a", 7, { user: "ann", granted: false }));
    expect(await explain({ deviceToken: "a" })).toMatchObject([
      { deliverable: false, failed: ["permission"], by: { permission: ["a7", 7] } },
    ]);
  });

  test("a token reported invalid fails until a later event, which then decides", async () => {
    await observe(deviceEvent("a", 5, { user: "ann" }));
    await device.registry.reportInvalidTokens({ ...app, tokens: [{ deviceToken: "a", receivedTimeMs: 8 }] });
    expect(await explain({ deviceToken: "a" })).toMatchObject([{ failed: ["token"], by: { token: ["", 8] } }]);
    await observe(deviceEvent("a", 9, { user: "ann" }));
    expect(await explain({ deviceToken: "a" })).toMatchObject([{ failed: [], by: { token: ["a9", 9] } }]);
  });

  test("an erased latest event is told, and that nobody owns the device since", async () => {
    await observe(deviceEvent("a", 5, { user: "ann" }), deviceEvent("a", 9, { user: "bob" }));
    const { scopes } = await device.registry.getAttributionScopes({ ...app, deviceKeys: [deviceKeyOf("a")] });
    const { attributes } = deviceEvent("a", 5);
    await device.registry.rebuildDevice({
      ...app,
      deviceKey: deviceKeyOf("a"),
      expectedVersion: scopes[0]!.version,
      latest: { position: { effectiveTimeMs: 5, fingerprint: "a5" }, appUserId: "ann", attributes },
      erasedTimeMs: 100,
      erasedAppUserId: "bob",
    });
    expect(await explain({ deviceToken: "a" })).toMatchObject([
      { deliverable: true, failed: ["erased", "owner"], by: { erased: ["", 100], owner: ["", 100] } },
    ]);
    await observe(deviceEvent("a", 10, { user: "ann" }));
    expect(await explain({ deviceToken: "a" })).toMatchObject([{ failed: [] }]);
  });

  test("a device known by a refresh alone says that no event tells of it", async () => {
    await observe(deviceEvent("a", 5, { user: "ann" }));
    await refresh("a", "b");
    const { scopes } = await device.registry.getAttributionScopes({ ...app, deviceKeys: [deviceKeyOf("a")] });
    const rebuild = { ...app, deviceKey: deviceKeyOf("a"), erasedTimeMs: 100, erasedAppUserId: "ann" };
    await device.registry.rebuildDevice({ ...rebuild, expectedVersion: scopes[0]!.version });
    expect(await explain({ deviceToken: "b" })).toMatchObject([
      { deliverable: false, failed: ["erased", "owner", "permission"] },
    ]);
  });

  test("a user is explained on the devices they own, and on those that their events name", async () => {
    await observe(
      deviceEvent("mine", 5, { user: "ann" }),
      deviceEvent("lost", 5, { user: "ann" }),
      deviceEvent("lost", 6, { user: "bob" }),
      deviceEvent("other", 5, { user: "bob" }),
    );
    named = [{ deviceToken: "lost" }, { deviceTokenHash: deviceKeyOf("mine") }, { deviceToken: "gone" }, {}];
    const explained = await explain({ appUserId: "ann" });
    expect(asked).toMatchObject({ ...app, appUserId: "ann" });
    const failed = Object.fromEntries(explained.map((each) => [each.deviceToken, each.failed]));
    expect(failed).toEqual({ mine: [], lost: ["owner"] });
    named = [];
    expect(await explain({ appUserId: "nobody" })).toEqual([]);
  });

  test("it is an error to name neither a device nor a user", async () => {
    lastExplained = [];
    await expect(device.devices.explainDelivery(app)).rejects.toMatchObject({ code: Code.InvalidArgument });
  });
});
