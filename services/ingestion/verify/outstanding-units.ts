import type { AppKey } from "../../runtime/app-key.ts";
import type { IngestionContext } from "../context.ts";
import { eraseUser } from "../erase/erase-user.ts";
import { type Erasure, erasureKeyPrefix } from "../erase/erasure.ts";
import type { StoredEvent } from "../event.ts";
import { OVERDUE_MS } from "./device-units.ts";
import type { Finding, Unit, UnitPage } from "./finding.ts";
import { applyOnceMore, stored } from "./repair-events.ts";

/** Pending events of all apps, and erasures of this one, that are looked at; of events the longest pending. */
const MOST = 1_000;

/**
 * Events with effects outstanding, and erasures that are not finished. Devices whose attribution is due have been looked
 * at with all others.
 */
export async function* outstandingPages(context: IngestionContext, app: AppKey): AsyncGenerator<UnitPage> {
  const beforeMs = context.clock.now() - OVERDUE_MS;
  const pending = await context.events.listPending({ limit: MOST });
  const overdue = await context.events.listPending({ beforeMs, limit: MOST });
  const late = new Set(overdue.map(({ fingerprint }) => fingerprint));
  const own = pending.filter((event) => event.app === app);
  const erasures = await context.erasures.page({ keyPrefix: erasureKeyPrefix(app), limit: MOST });
  const units = [
    ...own.map((event) => pendingUnit(context, event, { overdue: late.has(event.fingerprint) })),
    ...erasures.map(({ key, value }) =>
      erasureUnit(context, key, { appUserId: value.appUserId, overdue: value.requestedMs < beforeMs }),
    ),
  ];
  yield { units, looked: units.length, share: 1 };
}

function pendingUnit(
  context: IngestionContext,
  { app, fingerprint }: StoredEvent,
  { overdue }: { readonly overdue: boolean },
): Unit {
  const read = () => stored(context, app, [fingerprint]);
  return {
    async check() {
      const [event] = await read();
      return event?.pending ? [outstanding({ kind: "event", subject: fingerprint, field: "effects" }, overdue)] : [];
    },
    async repair() {
      await applyOnceMore(context, await read());
    },
  };
}

function erasureUnit(
  context: IngestionContext,
  key: string,
  { appUserId, overdue }: { readonly appUserId: string; readonly overdue: boolean },
): Unit {
  async function unfinished(): Promise<Erasure | undefined> {
    const erasure = (await context.erasures.load([key])).get(key)?.value;
    return erasure?.removedOnce === false ? erasure : undefined;
  }
  return {
    async check() {
      if ((await unfinished()) === undefined) return [];
      return [outstanding({ kind: "profile", subject: appUserId, field: "erasure" }, overdue)];
    },
    async repair() {
      const erasure = await unfinished();
      if (erasure !== undefined) await eraseUser(context, erasure);
    },
  };
}

function outstanding({ kind, ...thing }: Pick<Finding, "kind" | "subject" | "field">, overdue: boolean): Finding {
  const content = { ...thing, expected: "", actual: '"outstanding"', explained: !overdue };
  return { kind: overdue ? "overdue" : kind, ...content };
}
