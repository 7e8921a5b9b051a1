import { appKey } from "../../runtime/app-key.ts";
import { repeat } from "../../runtime/background-work.ts";
import { oneByOne, togetherOrOneByOne } from "../../runtime/one-by-one.ts";
import type { IngestionContext } from "../context.ts";
import { sweepErasures } from "../erase/erase-profile.ts";
import type { StoredEvent } from "../event.ts";
import { holdLease } from "../lease.ts";
import { applyEffects } from "./apply-effects.ts";
import { settleDevice } from "./settle-device.ts";

/** How often the sweeper looks: 1 s. */
const INTERVAL_MS = 1_000;
/** Effects younger than this are still being applied by whoever stored the event: 5 s, beyond the deadline of a call's wait. */
const LEAVE_ALONE_MS = 5_000;
/** Whatever is outstanding since later than this from now was noted while a clock was ahead, and is not left alone: 1 min. */
const AHEAD_MS = 60_000;
/** How long a sweeper that stopped without a word keeps others from sweeping: 10 s. */
const LEASE_MS = 10_000;
/** Events and devices taken up at once. */
const BATCH = 256;

/** Finds what a crash or another service's outage left undone, and does it. */
export interface Sweeper {
  /** Sweeps once; true if there is more. Throws the first failure, once everything else was tried. */
  sweep(): Promise<boolean>;
  /** Sweeps until the signal aborts. Resolves, never rejects. */
  run(signal: AbortSignal): Promise<void>;
}

/** Since when what is taken up is outstanding: for long, or by a clock that was ahead. */
interface Times {
  readonly beforeMs: number;
  readonly afterMs: number;
}

/** @param owner names this process in the lease */
export function createSweeper(context: IngestionContext, owner: string): Sweeper {
  async function sweep(): Promise<boolean> {
    if (!(await holdLease(context.leases, context.clock, { name: "effects-sweeper", owner, ttlMs: LEASE_MS })))
      return false;
    const now = context.clock.now();
    const times = { beforeMs: now - LEAVE_ALONE_MS, afterMs: now + AHEAD_MS };
    const failures: unknown[] = [];
    let more = false;
    for (const part of [sweepEvents, sweepDevices, () => sweepErasures(context)]) {
      try {
        more = (await part(times)) || more;
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
    return more;
  }

  async function sweepEvents({ beforeMs, afterMs }: Times): Promise<boolean> {
    const lists = [{ beforeMs }, { afterMs }].map((times) => context.events.listPending({ ...times, limit: BATCH }));
    const events = (await Promise.all(lists)).flat();
    if (events.length === 0) return false;
    context.log.info({ events: events.length }, "applying effects that were left undone");
    // What keeps the events of one device from being finished is no reason to leave those of others.
    const ofDevices = [...Map.groupBy(events, ({ app, deviceKey }) => `${app}/${deviceKey}`).values()];
    await togetherOrOneByOne(ofDevices, (some) => applyLeft(some.flat()), context.clock.now());
    return events.length >= BATCH;
  }

  async function applyLeft(events: readonly StoredEvent[]): Promise<void> {
    const due = await applyEffects(
      context,
      events.map((event) => ({ event, profileVersion: 0 })),
    );
    for (const device of due) await settleDevice(context, device);
  }

  async function sweepDevices({ beforeMs, afterMs }: Times): Promise<boolean> {
    const answers = [{ dueBeforeMs: beforeMs }, { dueAfterMs: afterMs }].map((times) =>
      context.devices.listUnsettled({ ...times, limit: BATCH }),
    );
    const devices = (await Promise.all(answers)).flatMap((answer) => answer.devices);
    const settle = (device: (typeof devices)[number]) =>
      settleDevice(context, { app: appKey(device), deviceKey: device.deviceKey });
    await oneByOne(devices, settle, context.clock.now());
    return devices.length >= BATCH;
  }

  const { clock, log } = context;
  const failure = "could not apply effects that were left undone; trying again";
  return {
    sweep,
    run: (signal) => repeat({ step: sweep, intervalMs: INTERVAL_MS, failure, clock, log }, signal),
  };
}
