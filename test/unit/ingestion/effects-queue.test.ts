import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import {
  MarkSettledResponseSchema,
  type ObserveDevicesRequest,
  ObserveDevicesResponseSchema,
} from "../../../proto/gen/carillon/device/v1/device_registry_service_pb.js";
import { ListFloatingPushesResponseSchema } from "../../../proto/gen/carillon/tracking/v1/tracking_service_pb.js";
import type { IngestionContext } from "../../../services/ingestion/context.ts";
import { createEffectsQueue } from "../../../services/ingestion/effects/effects-queue.ts";
import { freshlyStored } from "../../../services/ingestion/event.ts";
import { deviceKey, event } from "../../contract/ingestion/event-fixture.ts";
import { modelEventStore } from "../../contract/ingestion/model-store.ts";
import { virtualClock } from "../../wire/gateway/virtual-clock.ts";

/** Milliseconds that later events may have to wait for a device at most: a tenth of what an answer waits for effects. */
const SOON_MS = 100;

/** An effects queue over events in memory, where one device's past is due and is not settled before the test says so. */
function queueWithPast(token: string) {
  const clock = virtualClock();
  const events = modelEventStore();
  const settling = Promise.withResolvers<void>();
  const applied: string[] = [];
  const devices = {
    async observeDevices({ observations }: ObserveDevicesRequest) {
      return create(ObserveDevicesResponseSchema, {
        outcomes: observations.map((_, scope) => ({ scope })),
        scopes: observations.map(({ deviceKey: key, deviceToken: rootToken }) => ({
          version: 1n,
          deviceKeys: [key],
          rootToken,
          known: true,
          ...(key === deviceKey(token) && { due: { fromMs: 0, toMs: clock.now(), version: 1n } }),
        })),
      });
    },
    async markSettled() {
      await settling.promise;
      return create(MarkSettledResponseSchema);
    },
  };
  const context = {
    clock,
    events,
    devices,
    pushes: { listFloatingPushes: async () => create(ListFloatingPushesResponseSchema) },
    profileEffects: { observe: async () => {}, recompute: async () => {} },
    journal: { recompute: async () => {} },
  } as unknown as IngestionContext;
  const queue = createEffectsQueue(context);
  return {
    clock,
    applied: applied as readonly string[],
    settled: settling.resolve,
    drained: queue.drained,
    /** Stores a user's event on a device and leaves its effects to the queue, which `applied` tells of. */
    async add(device: string, user: string): Promise<void> {
      const added = event({ id: device, device, user });
      await events.insert([added]);
      void queue.add([{ event: freshlyStored(added), profileVersion: 0 }]).then(() => applied.push(device));
    },
  };
}

test("a device that takes long to settle does not keep later events from their effects", async () => {
  const { clock, applied, settled, drained, add } = queueWithPast("phone");
  await add("phone", "ann");
  await add("pad", "bob");
  await add("watch", "cleo");
  await clock.advance(SOON_MS);
  expect(applied).toEqual(["pad", "watch"]);
  settled();
  await drained();
  expect(applied).toEqual(["pad", "watch", "phone"]);
});
