/** How long a report waits for its push to be registered: 72 h (semantics.md, Push ledger). */
export const HOLD_MS = 72 * 3_600_000;
/** Deliveries, and opens, kept of one push that is not registered yet. */
const KEPT = 32;

/** What one report says of its push; times are milliseconds since 1970. */
export interface PushReport {
  /** Receipt. */
  readonly receivedMs: number;
  /** When it was delivered, if that is what it says. */
  readonly deliveredMs?: number | undefined;
  /** When it was opened, if that is what it says. */
  readonly openedMs?: number | undefined;
  /** Whether the provider says that the device token is no longer valid. */
  readonly invalidToken?: boolean | undefined;
}

/** A time that was reported, and the receipt of the report. */
export interface ReportedTime {
  readonly timeMs: number;
  readonly receivedMs: number;
}

/** Reports about a push that is not registered yet, each with its receipt, because each expires by itself. */
export interface HeldReports {
  /** In order of (receipt, time), each once. */
  readonly delivered: readonly ReportedTime[];
  /** In order of (receipt, time), each once. */
  readonly opened: readonly ReportedTime[];
  /** Latest receipt of a report that the device token is invalid. */
  readonly invalidTokenMs?: number | undefined;
}

/** What reports come to for a push; `opened` implies `delivered`. */
export interface PushProgress {
  /** Least time of a delivery or open. */
  readonly deliveredMs?: number | undefined;
  /** Least time of an open. */
  readonly openedMs?: number | undefined;
  /** Latest receipt of a report that the device token is invalid. */
  readonly invalidTokenMs?: number | undefined;
}

export const noReports: HeldReports = { delivered: [], opened: [] };

/** The reports with one more among them; the same object if that changes nothing. */
export function holdReport(held: HeldReports, report: PushReport): HeldReports {
  const delivered = withTime(held.delivered, { timeMs: report.deliveredMs, receivedMs: report.receivedMs });
  const opened = withTime(held.opened, { timeMs: report.openedMs, receivedMs: report.receivedMs });
  const invalidTokenMs = latestInvalidToken(held.invalidTokenMs, report);
  if (delivered === held.delivered && opened === held.opened && invalidTokenMs === held.invalidTokenMs) return held;
  return { delivered, opened, ...(invalidTokenMs === undefined ? {} : { invalidTokenMs }) };
}

/** What the held reports come to for a push whose registration was received at a time; older ones have expired. */
export function applyHeldReports(held: HeldReports, registeredMs: number): PushProgress {
  const reports: PushReport[] = [
    ...held.delivered.map(({ timeMs, receivedMs }) => ({ deliveredMs: timeMs, receivedMs })),
    ...held.opened.map(({ timeMs, receivedMs }) => ({ openedMs: timeMs, receivedMs })),
  ];
  if (held.invalidTokenMs !== undefined) reports.push({ invalidToken: true, receivedMs: held.invalidTokenMs });
  return reports
    .filter(({ receivedMs }) => !hasExpired(receivedMs, registeredMs))
    .reduce<PushProgress>((progress, report) => advance(progress, report), {});
}

/** Whether a report received then was no longer held when its push was registered. */
export function hasExpired(receivedMs: number, registeredMs: number): boolean {
  return receivedMs < registeredMs - HOLD_MS;
}

/** What a push has come to with one more report; the same object if that changes nothing. */
export function advance(progress: PushProgress, report: PushReport): PushProgress {
  const openedMs = least(progress.openedMs, report.openedMs);
  const deliveredMs = least(least(progress.deliveredMs, report.deliveredMs), openedMs);
  const invalidTokenMs = latestInvalidToken(progress.invalidTokenMs, report);
  if (
    openedMs === progress.openedMs &&
    deliveredMs === progress.deliveredMs &&
    invalidTokenMs === progress.invalidTokenMs
  ) {
    return progress;
  }
  return {
    ...(deliveredMs === undefined ? {} : { deliveredMs }),
    ...(openedMs === undefined ? {} : { openedMs }),
    ...(invalidTokenMs === undefined ? {} : { invalidTokenMs }),
  };
}

/** Latest receipt among held reports; they are of no use to a push registered more than {@link HOLD_MS} after it. */
export function lastReceipt({ delivered, opened, invalidTokenMs }: HeldReports): number {
  return Math.max(delivered.at(-1)?.receivedMs ?? 0, opened.at(-1)?.receivedMs ?? 0, invalidTokenMs ?? 0);
}

/**
 * Keeps the earliest receipts and the latest one. Beyond {@link KEPT} reports the time of a push may then be that of a
 * later report where the early ones have expired, but never its state, and never depending on the order of arrival.
 */
function withTime(
  times: readonly ReportedTime[],
  { timeMs, receivedMs }: { readonly timeMs: number | undefined; readonly receivedMs: number },
): readonly ReportedTime[] {
  if (timeMs === undefined) return times;
  const before = times.filter(
    (time) => time.receivedMs < receivedMs || (time.receivedMs === receivedMs && time.timeMs < timeMs),
  );
  const next = times[before.length];
  if (next?.receivedMs === receivedMs && next.timeMs === timeMs) return times;
  const all = [...before, { timeMs, receivedMs }, ...times.slice(before.length)];
  if (all.length <= KEPT) return all;
  const kept = [...all.slice(0, KEPT - 1), all.at(-1)!];
  return before.length === KEPT - 1 && next !== undefined ? times : kept;
}

function least(a: number | undefined, b: number | undefined): number | undefined {
  if (a === undefined) return b;
  return b === undefined ? a : Math.min(a, b);
}

function latestInvalidToken(known: number | undefined, report: PushReport): number | undefined {
  if (report.invalidToken !== true) return known;
  return Math.max(known ?? report.receivedMs, report.receivedMs);
}
