import type { App } from "../../../proto/gen/carillon/identity/v1/app_pb.js";
import { appKey } from "../../runtime/app-key.ts";
import { repeat } from "../../runtime/background-work.ts";
import type { IngestionContext } from "../context.ts";
import { holdLease } from "../lease.ts";
import { expireEvents } from "./expire-events.ts";
import { expirePushes } from "./expire-pushes.ts";
import { changeRetention, countJournalAnew } from "./retention-record.ts";

const DAY_MS = 86_400_000;
/** How often it looks for what apps keep: every 10 minutes. */
const INTERVAL_MS = 600_000;
/** How often an app is gone through from its oldest event on: a pass looks at what stays as well. */
const PASS_INTERVAL_MS = DAY_MS;
/** How long a process that stopped without a word keeps others from going on: 1 min. */
const LEASE_MS = 60_000;
/** Apps asked for at once. */
const PAGE = 1_000;

/** Removes what is older than its app keeps (decision 17). */
export interface Retention {
  /** Goes once through all apps that are due. */
  removeExpired(signal: AbortSignal): Promise<void>;
  /** Goes on until the signal aborts. Resolves, never rejects. */
  run(signal: AbortSignal): Promise<void>;
}

/** @param owner names this process in the lease */
export function createRetention(context: IngestionContext, owner: string): Retention {
  const { clock, log, leases } = context;
  const isMine = () => holdLease(leases, clock, { name: "retention", owner, ttlMs: LEASE_MS });

  async function removeExpired(signal: AbortSignal): Promise<void> {
    if (!(await isMine())) return;
    // What a crash left: the journal entries of what it removed, of apps too that keep everything by now.
    const where = { field: "isUncounted", equals: 1 };
    for (const { value } of await context.retentions.page({ keyPrefix: "", where, limit: PAGE }))
      await countJournalAnew(context, value.app, value.causes);
    for await (const app of appsWithRetention(context)) {
      if (signal.aborted || !(await isMine())) return;
      await removeExpiredOf(app, async () => !signal.aborted && (await isMine()));
    }
  }

  /** One pass over an app; ended early, it is begun anew later, with what was removed gone. */
  async function removeExpiredOf(app: App, goesOn: () => Promise<boolean>): Promise<void> {
    const key = appKey(app);
    const nowMs = clock.now();
    const begun = await changeRetention(context, key, (stored) => stored);
    if (begun.days === app.retentionDays && nowMs < begun.passedMs + PASS_INTERVAL_MS) return;
    const pass = { app: key, beforeMs: nowMs - app.retentionDays * DAY_MS, goesOn };
    // Pushes first: an event stays as long as a push is attributed on its account.
    const pushes = await expirePushes(context, pass);
    const events = await expireEvents(context, pass);
    if (pushes + events > 0) log.info({ app: key, events, pushes }, "removed what is older than the app keeps");
    if (!(await goesOn())) return;
    await changeRetention(context, key, (stored) => ({ ...stored, days: app.retentionDays, passedMs: nowMs }));
  }

  const failure = "could not remove what is older than an app keeps; trying again";
  async function step(signal: AbortSignal): Promise<boolean> {
    await removeExpired(signal);
    return false;
  }
  return {
    removeExpired,
    run: (signal) => repeat({ step: () => step(signal), intervalMs: INTERVAL_MS, failure, clock, log }, signal),
  };
}

async function* appsWithRetention({ apps }: IngestionContext): AsyncGenerator<App> {
  let pageToken = "";
  do {
    const page = await apps.listApps({ pageSize: PAGE, pageToken });
    yield* page.apps.filter(({ retentionDays }) => retentionDays > 0);
    pageToken = page.nextPageToken;
  } while (pageToken !== "");
}
