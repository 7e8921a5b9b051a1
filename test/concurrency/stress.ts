import { setTimeout as sleep } from "node:timers/promises";
import { createClient } from "@connectrpc/connect";
import { DeviceRegistryService } from "../../proto/gen/carillon/device/v1/device_registry_service_pb.js";
import { systemClock as clock } from "../../services/runtime/clock.ts";
import type { Accepted, AcceptedPush, PushReport } from "../model/accepted.ts";
import { createSimulatedClient } from "../simulation/client.ts";
import { differencesFrom, reportsAsLateAs } from "../simulation/compare.ts";
import { shownState } from "../simulation/final-state.ts";
import { app, type Operation, type SimulatedEvent } from "../simulation/operations.ts";
import type { Random } from "../simulation/random.ts";
import { type ReplicatedCluster, startReplicatedCluster } from "./replicated-cluster.ts";

/** Operations under way at once. */
const AT_ONCE = 12;
/** Effects follow by themselves, after conflicts or by a sweeper: give them 20 s on a busy machine. */
const PATIENCE_MS = 20_000;
const LOOK_EVERY_MS = 100;

export interface StressOptions {
  readonly mongodbServer: string;
  readonly random: Random;
  /** In the order in which they begin, many at once. */
  readonly operations: readonly Operation[];
}

/** Asks replicas for operations at the same time, many of them of two replicas at once; what differs at the end. */
export async function differencesAfter({ mongodbServer, random, operations }: StressOptions): Promise<string[]> {
  const cluster = await startReplicatedCluster(mongodbServer);
  try {
    const accepted = await askAll(cluster, { random, operations });
    return await differencesOnceCalm(cluster, accepted);
  } finally {
    await cluster.close();
  }
}

async function askAll(
  cluster: ReplicatedCluster,
  { random, operations }: Pick<StressOptions, "random" | "operations">,
): Promise<Accepted> {
  const history: string[] = [];
  const clients = [0, 1, 2].map((replica) =>
    createSimulatedClient({
      cluster: { transportTo: (service) => cluster.transportTo(service, replica), history },
      clock,
      random: random.fork(),
      unknownDevices: [],
    }),
  );
  const events: SimulatedEvent[] = [];
  const unlinks: Accepted["unlinks"][number][] = [];
  const pushes: AcceptedPush[] = [];
  const reports: PushReport[] = [];
  const beganMs = clock.now();
  const open = operations.map((operation) => ({ operation, copies: random.pick([1, 2, 3]), first: random.below(3) }));

  async function work(): Promise<void> {
    for (let next = open.shift(); next !== undefined; next = open.shift()) {
      const { operation, copies, first } = next;
      const asked = Array.from({ length: copies }, (_, n) => clients[(first + n) % clients.length]!.ask(operation));
      const verdicts = await Promise.all(asked);
      if (verdicts.includes("accepted")) note(operation);
    }
  }

  function note(operation: Operation): void {
    if (operation.kind === "event") events.push(operation.event);
    else if (operation.kind === "unlink") unlinks.push(operation);
    else if (operation.kind === "push") {
      if (!pushes.some(({ trackingToken }) => trackingToken === operation.trackingToken))
        pushes.push({ ...operation, registeredMs: beganMs });
    } else if (operation.kind === "report" && !operation.ofOtherApp) {
      const { of, trackingToken, atMs, receivedMs } = operation;
      reports.push(
        of === "invalid token" ? { of, trackingToken, receivedMs: beganMs } : { of, trackingToken, atMs, receivedMs },
      );
    }
  }

  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return {
    events: events.map((event) => ({ ...event, receivedMs: beganMs })),
    refreshes: [],
    unlinks,
    pushes,
    reports,
  };
}

/** What differs once nothing does any more, or patience is over. */
async function differencesOnceCalm(cluster: ReplicatedCluster, accepted: Accepted): Promise<string[]> {
  const deadlineMs = clock.now() + PATIENCE_MS;
  for (let look = 0; ; look++) {
    const shown = await shownState({ transportTo: (service) => cluster.transportTo(service, look) });
    const all = { ...accepted, refreshes: await acceptedRefreshes(cluster) };
    const differences = differencesFrom(shown, all, reportsAsLateAs(clock.now(), all));
    if (differences.length === 0) return [];
    if (clock.now() > deadlineMs) return [...differences, ...cluster.warnings.slice(0, 5)];
    await sleep(LOOK_EVERY_MS);
  }
}

/** Which of several that exclude each other were accepted, and in which order, is the devices' to tell. */
async function acceptedRefreshes(cluster: ReplicatedCluster): Promise<Accepted["refreshes"]> {
  const registry = createClient(DeviceRegistryService, cluster.transportTo("device", 0));
  const { devices } = await registry.listDeviceStates({ ...app, limit: 1_000 });
  return devices.flatMap(({ refreshes }) => refreshes).sort((a, b) => a.order - b.order);
}
