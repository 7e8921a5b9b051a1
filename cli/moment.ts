import { type Timestamp, timestampDate, timestampFromMs } from "@bufbuild/protobuf/wkt";
import { InvalidArgumentError } from "commander";

const UNIT_MS = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const AGO = /^(\d{1,6})([smhd])$/;
const ABSOLUTE = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d))?$/;

/**
 * A point in time as it is given on the command line: `90m` (that long ago), a date (its beginning in UTC), or
 * RFC 3339 with an offset.
 *
 * @param nowMs milliseconds since 1970
 * @throws {InvalidArgumentError} for anything else
 */
export function parseMoment(text: string, nowMs: number): Timestamp {
  const ago = AGO.exec(text);
  if (ago !== null) return timestampFromMs(nowMs - Number(ago[1]) * UNIT_MS[ago[2] as keyof typeof UNIT_MS]);
  const ms = ABSOLUTE.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(ms)) {
    throw new InvalidArgumentError("It should look like 90m, 2h, 7d, 2026-05-01 or 2026-05-01T12:00:00Z.");
  }
  return timestampFromMs(ms);
}

/** RFC 3339 in UTC with milliseconds; empty where there is no time. */
export function formatMoment(time: Timestamp | undefined): string {
  return time === undefined ? "" : timestampDate(time).toISOString();
}
