import { type AppKey, parseAppKey } from "../../runtime/app-key.ts";
import type { IngestionContext } from "../context.ts";
import { erasureKeyPrefix } from "../erase/erasure.ts";

/** How long effects are waited for: 15 s, three times as long as the sweeper leaves them alone. */
const LONGEST_MS = 15_000;
/** How far the clocks of the processes that note times may be apart: 2 s. */
const CLOCK_SKEW_MS = 2_000;
/** Pause between looks. */
const INTERVAL_MS = 250;
/** Outstanding things looked at: more than that of other apps are not waited for. */
const MOST = 1_000;

/**
 * Waits until everything of an app that was outstanding when this was called is applied, or for {@link LONGEST_MS}.
 *
 * @returns whether it is applied
 */
export async function waitUntilSettled(context: IngestionContext, app: AppKey, signal: AbortSignal): Promise<boolean> {
  const { clock } = context;
  const calledMs = clock.now();
  while (await isOutstanding(context, app, calledMs + CLOCK_SKEW_MS)) {
    if (clock.now() >= calledMs + LONGEST_MS) return false;
    await clock.sleep(INTERVAL_MS, signal);
  }
  return true;
}

async function isOutstanding(context: IngestionContext, app: AppKey, beforeMs: number): Promise<boolean> {
  const oldest = await context.events.oldestPendingMs();
  if (oldest !== undefined && oldest < beforeMs) {
    const pending = await context.events.listPending({ beforeMs, limit: MOST });
    if (pending.some((event) => event.app === app)) return true;
  }
  const { devices } = await context.devices.listUnsettled({ dueBeforeMs: beforeMs, limit: MOST });
  const { tenantId, appId } = parseAppKey(app);
  if (devices.some((device) => device.tenantId === tenantId && device.appId === appId)) return true;
  const erasures = await context.erasures.page({ keyPrefix: erasureKeyPrefix(app), limit: MOST });
  return erasures.some(({ value }) => !value.removedOnce);
}
