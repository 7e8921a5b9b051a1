import { firstWithin } from "../../runtime/effects-wait.ts";
import { currentTrace, type WithinTrace } from "../../runtime/tracing.ts";
import type { IngestionContext } from "../context.ts";
import type { Completion } from "../store.ts";
import { applyEffectsButMarks, type DueDevice, type PendingEvent } from "./apply-effects.ts";
import { oneAtATime } from "./one-at-a-time.ts";
import { settleDevice } from "./settle-device.ts";

/**
 * Events whose effects are applied together; a batch of observations stays well below the 64 KB of a call. Larger ones
 * would cost hardly less an event, and the first of them would wait for the last.
 */
const BATCH = 64;
/** Devices settled at once. */
const SETTLING = 16;
/**
 * Milliseconds that the next batch waits for the devices of one to be settled. Meanwhile it grows, and an event of a large
 * one costs less; those who wait for the same batch are answered before those who came later. But a long history delays
 * nobody else.
 */
const SETTLING_WAIT_MS = 20;

/** Applies effects in the order of arrival, everything that waits together. */
export interface EffectsQueue {
  /**
   * Resolves once the events' effects are applied, attributions of older events included.
   *
   * @throws what kept them from being applied; the events are still marked pending and the sweeper sees to them
   */
  add(events: readonly PendingEvent[]): Promise<void>;
  /** Events that wait for their turn. */
  readonly length: number;
  /** Resolves when nothing is waiting or under way. */
  drained(): Promise<void>;
}

interface Waiting {
  readonly events: readonly PendingEvent[];
  readonly resolve: () => void;
  readonly reject: (reason: unknown) => void;
  /** What is done together is part of the first one's trace. */
  readonly within: WithinTrace;
}

export function createEffectsQueue(context: IngestionContext): EffectsQueue {
  const waiting: Waiting[] = [];
  const oneADevice = oneAtATime();
  const settling = new Set<Promise<void>>();
  const turns: (() => void)[] = [];
  let busy = 0;
  let length = 0;
  let running: Promise<void> | undefined;

  async function run(): Promise<void> {
    let marks: readonly Completion[] = [];
    while (waiting.length > 0 || marks.length > 0) {
      const takenAway = takeAway(marks);
      marks = [];
      if (waiting.length === 0) {
        await takenAway;
        continue;
      }
      const taken = takeBatch(waiting);
      const events = taken.flatMap((entry) => entry.events);
      length -= events.length;
      try {
        const { within } = taken[0]!;
        const { due, completions } = await within(() => applyEffectsButMarks(context, events));
        marks = completions;
        const settled = within(() => Promise.all(due.map(settle)));
        for (const { resolve, reject } of taken) settled.then(resolve, reject);
        if (due.length > 0) await firstWithin(context.clock, SETTLING_WAIT_MS, settled);
      } catch (reason) {
        for (const { reject } of taken) reject(reason);
      }
      await takenAway;
    }
    running = undefined;
  }

  /** Takes marks away with the next batch's effects, in the same transaction: nobody waits for them. */
  async function takeAway(marks: readonly Completion[]): Promise<void> {
    if (marks.length === 0) return;
    await context.events.complete(marks).catch((error: unknown) => {
      context.log.warn({ err: error, events: marks.length }, "effects are applied again later: their marks stay");
    });
  }

  /** Settles a device; all who ask while that is under way share the next time. */
  function settle(device: DueDevice): Promise<void> {
    const work = oneADevice(`${device.app}/${device.deviceKey}`, () => inTurn(() => settleDevice(context, device)));
    settling.add(work);
    const over = () => settling.delete(work);
    work.then(over, over);
    return work;
  }

  async function inTurn(work: () => Promise<void>): Promise<void> {
    if (busy === SETTLING) await new Promise<void>((resolve) => turns.push(resolve));
    else busy += 1;
    try {
      await work();
    } finally {
      // Who waits longest takes over this turn.
      const next = turns.shift();
      if (next === undefined) busy -= 1;
      else next();
    }
  }

  return {
    add(events) {
      return new Promise((resolve, reject) => {
        waiting.push({ events, resolve, reject, within: currentTrace() });
        length += events.length;
        running ??= run();
      });
    },
    get length() {
      return length;
    },
    async drained() {
      while (running !== undefined || settling.size > 0) await Promise.allSettled([running, ...settling]);
    },
  };
}

function takeBatch(waiting: Waiting[]): Waiting[] {
  let count = 0;
  let taken = 0;
  while (taken < waiting.length && (taken === 0 || count + waiting[taken]!.events.length <= BATCH))
    count += waiting[taken++]!.events.length;
  return waiting.splice(0, taken);
}
