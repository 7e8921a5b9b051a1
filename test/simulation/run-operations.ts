import type { Clock } from "../../services/runtime/clock.ts";
import type { Accepted, AcceptedPush, PushReport } from "../model/accepted.ts";
import type { SimulatedClient, UnknownDevice } from "./client.ts";
import type { Cluster } from "./cluster.ts";
import { serviceNames } from "./open-service.ts";
import { type Cast, type Operation, randomOperation, type SimulatedEvent } from "./operations.ts";
import { over, pass } from "./passing-time.ts";
import type { Random } from "./random.ts";
import type { Scenario } from "./scenarios.ts";
import type { VirtualTime } from "./virtual-time.ts";

/** An event older than this may be late: 29 days, to be on the safe side. */
const LATE_MS = 29 * 24 * 60 * 60 * 1000;

export interface SimulationRun {
  readonly random: Random;
  readonly time: VirtualTime;
  readonly cluster: Cluster;
  readonly client: SimulatedClient;
  readonly clock: Clock;
  readonly cast: Cast;
  readonly scenario: Scenario;
  /** When it began, milliseconds. */
  readonly startMs: number;
}

/** What clients asked for and were answered. */
export interface Asked {
  /** Everything that must have been accepted; of refreshes more may have been, whose answer nobody saw. */
  readonly accepted: Accepted;
  /** When the first live event with a token was answered with success, milliseconds. */
  readonly knownSinceMs: ReadonlyMap<string, number>;
  readonly unknownDevices: UnknownDevice[];
  readonly history: string[];
}

interface Notes {
  readonly events: SimulatedEvent[];
  readonly refreshes: Accepted["refreshes"][number][];
  readonly pushes: AcceptedPush[];
  readonly reports: PushReport[];
  readonly knownSinceMs: Map<string, number>;
  readonly history: string[];
}

/** Copies of requests that the network still has have arrived by then, milliseconds. */
const COPIES_ARRIVE_MS = 10_000;

interface RunOptions extends Pick<Asked, "unknownDevices"> {
  /** Ends the faults, once everything is answered. */
  heal(): void;
}

/** Has clients ask for random operations, several at once and some more than once, until all are answered. */
export async function runOperations(
  { random, time, cluster, client, clock, cast, scenario, startMs }: SimulationRun,
  { unknownDevices, heal }: RunOptions,
): Promise<Asked> {
  const notes: Notes = { events: [], refreshes: [], pushes: [], reports: [], knownSinceMs: new Map(), history: [] };
  const work: Promise<void>[] = [];
  const unlinks: Extract<Operation, { kind: "unlink" | "relink" }>[] = [];
  const busyMs = random.pick(scenario.busyMs);
  const [least, most] = scenario.operations;
  const count = least + random.below(most - least);
  for (let index = 0; index < count; index++) {
    const operation = randomOperation(random, cast, { index, mix: scenario.mix });
    if (operation.kind === "event") notes.events.push(operation.event);
    if (operation.kind === "unlink") unlinks.push(operation);
    for (let copy = random.pick([1, 1, 1, 2, 3]); copy > 0; copy--) {
      const delayMs = random.below(busyMs);
      work.push(
        clock.sleep(delayMs).then(async () => {
          const verdict = await client.ask(operation);
          notes.history.push(`${time.now()} ${verdict}: ${JSON.stringify(operation)}`);
          if (verdict === "accepted")
            note(notes, operation, { startMs, nowMs: time.now(), askedMs: startMs + delayMs });
        }),
      );
    }
  }
  for (const name of serviceNames)
    if (random.chance(0.3)) time.after(random.below(busyMs), () => cluster.kill(name, 0));
  await over(time, Promise.all(work));
  heal();
  await pass(time, COPIES_ARRIVE_MS);
  // A copy of an unlink may have arrived after another was refused; asked once more, what is answered is what holds.
  const inForce: typeof unlinks = [];
  for (const unlink of unlinks) {
    if ((await over(time, client.ask(unlink))) === "accepted") inForce.push(unlink);
  }
  const { refreshes, pushes, reports, knownSinceMs, history } = notes;
  const events = notes.events.map((event) => ({ ...event, receivedMs: startMs }));
  return { accepted: { events, refreshes, unlinks: inForce, pushes, reports }, knownSinceMs, unknownDevices, history };
}

interface When {
  readonly startMs: number;
  readonly nowMs: number;
  /** When it was asked for the first time, or before. */
  readonly askedMs: number;
}

/** What was accepted; a refresh is asked for by several, so its place in the order is its device's to tell. */
function note(notes: Notes, operation: Operation, { startMs, nowMs, askedMs }: When): void {
  switch (operation.kind) {
    case "push":
      if (!notes.pushes.some(({ trackingToken }) => trackingToken === operation.trackingToken))
        // It was registered some minutes after the start at most, and reports are hours from being too old.
        notes.pushes.push({ ...operation, registeredMs: startMs });
      return;
    case "report": {
      const { of, trackingToken, atMs, receivedMs, ofOtherApp } = operation;
      if (ofOtherApp) return;
      if (of === "invalid token") notes.reports.push({ of, trackingToken, receivedMs: askedMs });
      else notes.reports.push({ of, trackingToken, atMs, receivedMs });
      return;
    }
    case "refresh":
      notes.refreshes.push({ oldToken: operation.oldToken, newToken: operation.newToken });
      return;
    case "event": {
      const { kind, eventMs, deviceToken } = operation.event;
      const live = kind === "device" && eventMs !== undefined && eventMs > startMs - LATE_MS;
      if (live && !notes.knownSinceMs.has(deviceToken)) notes.knownSinceMs.set(deviceToken, nowMs);
      return;
    }
    case "unlink":
    case "relink":
      return;
  }
}
