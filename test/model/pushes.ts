import type { AcceptedPush, PushReport } from "./accepted.ts";
import { reportApplies } from "./devices.ts";

/** A push of the ledger. */
export interface PushView {
  readonly appUserId: string;
  readonly state: "sent" | "delivered" | "opened";
  readonly deliveredMs: number | undefined;
  readonly openedMs: number | undefined;
}

/** Semantics, Push ledger: how far a push has come by what was reported of it. */
export function progressOf(push: AcceptedPush, reports: readonly PushReport[]): Omit<PushView, "appUserId"> {
  const times = (kinds: readonly string[]) =>
    reports.flatMap((report) =>
      report.of !== "invalid token" && kinds.includes(report.of) && reportApplies(report, push) ? [report.atMs] : [],
    );
  const least = (all: readonly number[]) => (all.length === 0 ? undefined : Math.min(...all));
  const openedMs = least(times(["open"]));
  const deliveredMs = least(times(["open", "delivery"]));
  const state = openedMs !== undefined ? "opened" : deliveredMs !== undefined ? "delivered" : "sent";
  return { state, deliveredMs, openedMs };
}
