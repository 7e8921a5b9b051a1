import { create } from "@bufbuild/protobuf";
import { ConnectError, createClient } from "@connectrpc/connect";
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  ListUnsettledRequestSchema,
  RefreshDeviceResponse_Outcome as Outcome,
  RefreshDeviceRequestSchema,
  SetUserLinkRequestSchema,
} from "../../../proto/gen/carillon/device/v1/device_registry_service_pb.js";
import {
  GetDeviceRequestSchema,
  ListDevicesRequestSchema,
} from "../../../proto/gen/carillon/device/v1/device_service_pb.js";
import { EventService } from "../../../proto/gen/carillon/ingestion/v1/event_service_pb.js";
import type { DeviceContext } from "../../../services/device/context.ts";
import { getDevice } from "../../../services/device/get-device.ts";
import { listDevices } from "../../../services/device/list-devices.ts";
import { listUnsettled } from "../../../services/device/list-unsettled.ts";
import { refreshDevice } from "../../../services/device/refresh-device.ts";
import { setUserLink } from "../../../services/device/set-user-link.ts";
import { deviceDocuments } from "../../../services/device/store.ts";
import { deviceKeyOf } from "../../../services/runtime/device-key.ts";
import { createLocalTransport } from "../../../services/runtime/local-transport.ts";
import { createLogger } from "../../../services/runtime/log.ts";
import { StoreUnavailableError } from "../../../services/runtime/store-unavailable-error.ts";
import { rememberRecent } from "../../../services/storage/recent-documents.ts";
import type { Accepted, AcceptedEvent } from "../../model/accepted.ts";
import { stateOf } from "../../model/state.ts";
import { memoryDocuments } from "./memory-documents.ts";
import { app, DAY, miniatureIngestion } from "./miniature-ingestion.ts";

const TOKENS = ["a", "b", "c", "d"];
const RECEIVED = 1000 * DAY;

const token = fc.constantFrom(...TOKENS);

const event = fc
  .record({
    fingerprint: fc.integer({ min: 10, max: 99 }).map(String),
    kind: fc.constantFrom("device" as const, "device" as const, "hash" as const),
    user: fc.constantFrom("", "", "A", "B"),
    eventName: fc.constantFrom("seen", "seen", "logged_out"),
    ago: fc.integer({ min: 0, max: 8 }),
    late: fc.integer({ min: 0, max: 5 }).map((roll) => roll === 0),
    deviceToken: token,
    pushPermissionGranted: fc.boolean(),
    language: fc.constantFrom("en", "de", "fr"),
  })
  .map(
    ({ user, ago, late, ...rest }): AcceptedEvent => ({
      ...rest,
      sentAppUserId: rest.kind === "hash" ? "" : user,
      eventMs: RECEIVED - ago - (late && rest.kind === "device" ? 40 * DAY : 0),
      receivedMs: RECEIVED,
      platform: "web",
      country: "DE",
      timezone: "Europe/Berlin",
    }),
  );

const events = fc.uniqueArray(event, { minLength: 1, maxLength: 12, selector: ({ fingerprint }) => fingerprint });

const operation = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant("observe" as const),
      indexes: fc.uniqueArray(fc.nat({ max: 11 }), { minLength: 1, maxLength: 6 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("refresh" as const),
      oldToken: token,
      newToken: token,
      appUserId: fc.constantFrom("", "A"),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("sweep" as const) }) },
);
type Operation = typeof operation extends fc.Arbitrary<infer T> ? T : never;

const link = fc.record({ token, appUserId: fc.constantFrom("A", "B"), linked: fc.boolean() });

/** The device service in two processes, with what was accepted so far; `between` is awaited between its steps. */
function run(events: readonly AcceptedEvent[], between: (call: string) => Promise<void>) {
  let now = RECEIVED;
  const store = memoryDocuments(deviceDocuments, between);
  const clock = {
    now() {
      now += 1;
      return now;
    },
    sleep: () => between("sleep"),
  };
  // Two processes with caches of their own over one store.
  const contexts: DeviceContext[] = [0, 1].map(() => ({
    store: rememberRecent(store, 100_000),
    clock,
    random: () => 0.5,
    events: createClient(EventService, createLocalTransport([], { log: createLogger({ name: "t", level: "silent" }) })),
  }));
  const ingestion = contexts.map((context) => miniatureIngestion(context, () => between("pause")));
  const accepted = new Map<string, { oldToken: string; newToken: string }>();
  const unlinks: { deviceToken: string; appUserId: string }[] = [];

  async function perform(operation: Operation, process: number): Promise<void> {
    const context = contexts[process % 2]!;
    if (operation.kind === "sweep") return ingestion[0]!.sweep();
    if (operation.kind === "observe")
      return ingestion[0]!.observe(operation.indexes.flatMap((index) => events[index] ?? []));
    const { oldToken, newToken, appUserId } = operation;
    if (oldToken === newToken) return;
    const { outcome } = await refreshDevice(context)(
      create(RefreshDeviceRequestSchema, { ...app, oldToken, newToken, appUserId, receivedTimeMs: clock.now() }),
    );
    if (outcome === Outcome.ACCEPTED) accepted.set(`${oldToken}>${newToken}`, { oldToken, newToken });
  }

  return { contexts, ingestion: ingestion[0]!, accepted, unlinks, perform, store };
}

type Run = ReturnType<typeof run>;

function sameDevice(run: Run, a: string, b: string): boolean {
  const { devices } = stateOf({ events: [], refreshes: [...run.accepted.values()], unlinks: [], pushes: [] });
  return a === b || [...devices.values()].some(({ tokens }) => tokens.includes(a) && tokens.includes(b));
}

/** What was accepted: refreshes in the order that the devices keep. */
function acceptedOf(run: Run): Accepted {
  const orders = [...run.store.documents.values()].flatMap(({ value }) =>
    value.kind === "device" ? value.device.refreshes : [],
  );
  const refreshes = orders.toSorted(
    (x, y) => x.order - y.order || (x.oldToken + x.newToken < y.oldToken + y.newToken ? -1 : 1),
  );
  expect(new Set(refreshes.map(({ oldToken, newToken }) => `${oldToken}>${newToken}`))).toEqual(
    new Set(run.accepted.keys()),
  );
  expect(refreshes).toHaveLength(run.accepted.size);
  return { events: [...run.ingestion.stored.values()], refreshes, unlinks: run.unlinks, pushes: [] };
}

async function relink(run: Run, change: { token: string; appUserId: string; linked: boolean }): Promise<void> {
  const request = create(SetUserLinkRequestSchema, {
    ...app,
    deviceKey: deviceKeyOf(change.token),
    appUserId: change.appUserId,
    linked: change.linked,
  });
  try {
    await setUserLink(run.contexts[1]!)(request);
  } catch (error) {
    if (error instanceof ConnectError) return;
    throw error;
  }
  if (!change.linked) run.unlinks.push({ deviceToken: change.token, appUserId: change.appUserId });
  else {
    const others = run.unlinks.filter(
      ({ deviceToken, appUserId }) => appUserId !== change.appUserId || !sameDevice(run, deviceToken, change.token),
    );
    run.unlinks.splice(0, run.unlinks.length, ...others);
  }
}

async function checkAgainstModel(run: Run): Promise<void> {
  const accepted = acceptedOf(run);
  const model = stateOf(accepted);
  const floating = [...run.ingestion.stored.values()].filter(({ sentAppUserId }) => sentAppUserId === "");
  const attributions = (of: (fingerprint: string) => { appUserId: string; attributedBy: string } | undefined) =>
    Object.fromEntries(
      floating.map(({ fingerprint }) => [
        fingerprint,
        { appUserId: of(fingerprint)?.appUserId, attributedBy: of(fingerprint)?.attributedBy },
      ]),
    );
  expect(attributions((fingerprint) => run.ingestion.stored.get(fingerprint))).toEqual(
    attributions((fingerprint) => model.events.get(fingerprint)),
  );

  const context = run.contexts[0]!;
  const { devices } = await listDevices(context)(create(ListDevicesRequestSchema, app));
  const views = devices.map(({ $typeName, deviceToken, ...view }) => [deviceToken, view]);
  expect(new Map(views as [string, object][])).toEqual(
    new Map([...model.devices].map(([current, { rootToken: _, ...view }]) => [current, view])),
  );
  for (const { tokens } of devices) {
    for (const one of tokens)
      expect(
        (await getDevice(context)(create(GetDeviceRequestSchema, { ...app, deviceToken: one }))).device?.tokens,
      ).toEqual(tokens);
  }
  const { devices: unsettled } = await listUnsettled(context)(
    create(ListUnsettledRequestSchema, { dueBeforeMs: Number.MAX_SAFE_INTEGER, limit: 10 }),
  );
  expect(unsettled).toEqual([]);
}

async function finish(run: Run): Promise<void> {
  await run.ingestion.observe(run.ingestion.unobserved());
  await run.ingestion.sweep();
}

const none = () => Promise.resolve();

test("one after another, whatever the order, repetition and batching, every attribution and device is what the page says", async () => {
  await fc.assert(
    fc.asyncProperty(
      events,
      fc.array(operation, { maxLength: 12 }),
      fc.array(fc.option(link, { freq: 4 }), { maxLength: 12 }),
      async (all, operations, links) => {
        const state = run(all, none);
        for (const [index, one] of operations.entries()) {
          await state.perform(one, index);
          const change = links[index];
          if (change) await relink(state, change);
          // Nothing that was observed may wait for a later operation, except in a due range.
          await finish(state);
          await checkAgainstModel(state);
        }
        await state.ingestion.observe(all);
        await finish(state);
        await checkAgainstModel(state);
      },
    ),
    { numRuns: 600 },
  );
});

test("at the same time, with every step of one between any two of another, it converges to what the page says", async () => {
  const script = fc.record({
    events,
    groups: fc.array(fc.array(operation, { minLength: 1, maxLength: 5 }), { maxLength: 4 }),
    links: fc.array(fc.option(link, { freq: 3 }), { maxLength: 4 }),
  });
  await fc.assert(
    fc.asyncProperty(script, fc.scheduler(), async ({ events, groups, links }, scheduler) => {
      let interleaved = true;
      const state = run(events, (call) => (interleaved ? scheduler.schedule(Promise.resolve(), call) : none()));
      for (const [index, group] of groups.entries()) {
        await scheduler.waitFor(Promise.all(group.map((one, process) => state.perform(one, process))));
        const change = links[index];
        if (change) await scheduler.waitFor(relink(state, change));
      }
      interleaved = false;
      await state.ingestion.observe(events.slice(0, 3));
      await finish(state);
      await checkAgainstModel(state);
    }),
    { numRuns: 600 },
  );
});

test("a process that stops at any store call, before or after it took effect, leaves nothing that others do not complete", async () => {
  await fc.assert(
    fc.asyncProperty(
      events,
      fc.array(operation, { minLength: 1, maxLength: 12 }),
      fc.infiniteStream(fc.integer({ min: 0, max: 7 }).map((roll) => roll === 0)),
      async (all, operations, stops) => {
        let failing = true;
        const state = run(all, async (call) => {
          if (failing && call !== "pause" && call !== "sleep" && stops.next().value)
            throw new StoreUnavailableError(call, { reason: "failed" });
        });
        const repeat: Operation[] = [];
        for (const [index, one] of operations.entries()) {
          try {
            await state.perform(one, index);
          } catch (error) {
            if (!(error instanceof StoreUnavailableError)) throw error;
            repeat.push(one);
          }
        }
        failing = false;
        for (const one of repeat) await state.perform(one, 1);
        await finish(state);
        await checkAgainstModel(state);
      },
    ),
    { numRuns: 600 },
  );
});
