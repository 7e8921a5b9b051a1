import { appKey } from "../../runtime/app-key.ts";
import { repeat } from "../../runtime/background-work.ts";
import type { IngestionContext } from "../context.ts";
import { sweepErasures } from "../erase/erase-profile.ts";
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
  /** Sweeps once; true if there is more. Failures of other services are thrown. */
  sweep(): Promise<boolean>;
  /** Sweeps until the signal aborts. Resolves, never rejects. */
  run(signal: AbortSignal): Promise<void>;
}

/** @param owner names this process in the lease */
export function createSweeper(context: IngestionContext, owner: string): Sweeper {
  async function sweep(): Promise<boolean> {
    if (!(await holdLease(context.leases, context.clock, { name: "effects-sweeper", owner, ttlMs: LEASE_MS })))
      return false;
    const now = context.clock.now();
    const [beforeMs, afterMs] = [now - LEAVE_ALONE_MS, now + AHEAD_MS];
    const lists = [{ beforeMs }, { afterMs }].map((times) => context.events.listPending({ ...times, limit: BATCH }));
    const events = (await Promise.all(lists)).flat();
    if (events.length > 0) {
      context.log.info({ events: events.length }, "applying effects that were left undone");
      for (const due of await applyEffects(
        context,
        events.map((event) => ({ event, profileVersion: 0 })),
      ))
        await settleDevice(context, due.app, due.deviceKey);
    }
    const answers = [{ dueBeforeMs: beforeMs }, { dueAfterMs: afterMs }].map((times) =>
      context.devices.listUnsettled({ ...times, limit: BATCH }),
    );
    const devices = (await Promise.all(answers)).flatMap((answer) => answer.devices);
    for (const device of devices) await settleDevice(context, appKey(device), device.deviceKey);
    const moreErasures = await sweepErasures(context);
    return events.length >= BATCH || devices.length >= BATCH || moreErasures;
  }

  const { clock, log } = context;
  const failure = "could not apply effects that were left undone; trying again";
  return {
    sweep,
    run: (signal) => repeat({ step: sweep, intervalMs: INTERVAL_MS, failure, clock, log }, signal),
  };
}
