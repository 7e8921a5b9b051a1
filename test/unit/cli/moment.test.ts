import { timestampMs } from "@bufbuild/protobuf/wkt";
import { describe, expect, it } from "vitest";
import { formatMoment, parseMoment } from "../../../cli/moment.ts";

const now = Date.parse("2026-05-10T12:00:00Z");
const parsed = (text: string) => new Date(timestampMs(parseMoment(text, now))).toISOString();

describe("parseMoment", () => {
  it.each([
    ["30s", "2026-05-10T11:59:30.000Z"],
    ["90m", "2026-05-10T10:30:00.000Z"],
    ["2h", "2026-05-10T10:00:00.000Z"],
    ["7d", "2026-05-03T12:00:00.000Z"],
    ["2026-05-01", "2026-05-01T00:00:00.000Z"],
    ["2026-05-01T12:00:00+03:00", "2026-05-01T09:00:00.000Z"],
    ["2026-05-01T12:00:00.25Z", "2026-05-01T12:00:00.250Z"],
  ])("reads %s", (text, time) => {
    expect(parsed(text)).toBe(time);
  });

  it.each(["", "1w", "yesterday", "-1h", "2026-13-01", "2026-05-01T12:00:00", "12", "2026"])("refuses %j", (text) => {
    expect(() => parseMoment(text, now)).toThrow("It should look like");
  });

  it("is undone by formatMoment", () => {
    expect(formatMoment(parseMoment("2026-05-01T12:00:00.123Z", now))).toBe("2026-05-01T12:00:00.123Z");
    expect(formatMoment(undefined)).toBe("");
  });
});
