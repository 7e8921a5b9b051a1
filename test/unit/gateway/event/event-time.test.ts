import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readEventTime } from "../../../../gateway/event/event-time.ts";

function normalized(text: string): string {
  const time = readEventTime(text);
  return time.ok ? time.normalized : `fault: ${time.reason}`;
}

describe("a time that is right", () => {
  test.each([
    ["2026-03-29T14:30:00+03:00", "2026-03-29T11:30:00Z"],
    ["2026-03-29T11:30:00Z", "2026-03-29T11:30:00Z"],
    ["2026-03-29t11:30:00z", "2026-03-29T11:30:00Z"],
    ["2026-03-29 11:30:00Z", "2026-03-29T11:30:00Z"],
    ["2026-03-29 14:30:00.5+03:00", "2026-03-29T11:30:00.5Z"],
    ["2026-03-29T11:30:00-00:00", "2026-03-29T11:30:00Z"],
    ["2026-03-29T11:30:00+00:00", "2026-03-29T11:30:00Z"],
    ["2026-03-29T11:30:00.250Z", "2026-03-29T11:30:00.25Z"],
    ["2026-03-29T11:30:00.000Z", "2026-03-29T11:30:00Z"],
    ["2026-03-29T11:30:00.0000000009Z", "2026-03-29T11:30:00Z"],
    ["2026-03-29T11:30:00.123456789999Z", "2026-03-29T11:30:00.123456789Z"],
    ["2026-03-29T11:30:00.1000000000Z", "2026-03-29T11:30:00.1Z"],
    ["2026-01-01T00:30:00+05:45", "2025-12-31T18:45:00Z"],
    ["2025-12-31T23:30:00-11:00", "2026-01-01T10:30:00Z"],
    ["2026-03-01T12:00:00+23:59", "2026-02-28T12:01:00Z"],
    ["2024-02-28T12:00:00-23:59", "2024-02-29T11:59:00Z"],
    ["2024-02-29T00:00:00Z", "2024-02-29T00:00:00Z"],
    ["2000-02-29T00:00:00Z", "2000-02-29T00:00:00Z"],
    ["0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"],
    ["0099-12-31T23:59:59+00:01", "0099-12-31T23:58:59Z"],
    ["9999-12-31T23:59:59.999999999Z", "9999-12-31T23:59:59.999999999Z"],
    ["0000-12-31T23:30:00-00:30", "0001-01-01T00:00:00Z"],
    ["1969-12-31T23:59:59.999Z", "1969-12-31T23:59:59.999Z"],
  ])("%s becomes %s", (text, expected) => {
    expect(normalized(text)).toBe(expected);
  });

  test("its milliseconds are cut, not rounded, before 1970 as after", () => {
    const milliseconds = (text: string) => {
      const time = readEventTime(text);
      return time.ok ? time.milliseconds : Number.NaN;
    };
    expect(milliseconds("1970-01-01T00:00:00.0019Z")).toBe(1);
    expect(milliseconds("1970-01-01T01:00:00.5+01:00")).toBe(500);
    expect(milliseconds("1969-12-31T23:59:59.0019Z")).toBe(-999);
    expect(milliseconds("0001-01-01T00:00:00Z")).toBe(-62_135_596_800_000);
    expect(milliseconds("9999-12-31T23:59:59.9999Z")).toBe(253_402_300_799_999);
  });
});

describe("a time that is wrong", () => {
  test.each([
    ["a leap second", "2016-12-31T23:59:60Z", /leap second/],
    ["second 61", "2026-03-29T11:30:61Z", /second/],
    ["hour 24", "2026-03-29T24:00:00Z", /hour/],
    ["minute 60", "2026-03-29T11:60:00Z", /minute/],
    ["31 April", "2026-04-31T00:00:00Z", /day/],
    ["30 February", "2024-02-30T00:00:00Z", /day/],
    ["29 February of a common year", "2026-02-29T00:00:00Z", /day/],
    ["29 February 1900", "1900-02-29T00:00:00Z", /day/],
    ["day 0", "2026-01-00T00:00:00Z", /day/],
    ["month 13", "2026-13-01T00:00:00Z", /month/],
    ["month 0", "2026-00-01T00:00:00Z", /month/],
    ["a missing offset", "2026-03-29T14:30:00", /no offset/],
    ["a missing offset after a fraction", "2026-03-29T14:30:00.5", /no offset/],
    ["offset hour 24", "2026-03-29T14:30:00+24:00", /offset/],
    ["offset minute 60", "2026-03-29T14:30:00+03:60", /offset/],
    ["an offset without its colon", "2026-03-29T14:30:00+0300", /offset/],
    ["an offset of hours alone", "2026-03-29T14:30:00+03", /offset/],
    ["an offset with seconds", "2026-03-29T14:30:00+03:00:00", /offset/],
    ["a typographic minus", "2026-03-29T14:30:00−03:00", /offset/],
    ["the name of a zone", "2026-03-29T14:30:00[Europe/Istanbul]", /offset/],
    ["something after it", "2026-03-29T14:30:00Z ", /offset/],
    ["a line feed after it", "2026-03-29T14:30:00Z\n", /offset/],
    ["an empty fraction", "2026-03-29T14:30:00.Z", /offset/],
    ["a comma for the point", "2026-03-29T14:30:00,5Z", /offset/],
    ["something before it", " 2026-03-29T14:30:00Z", /RFC 3339/],
    ["a date alone", "2026-03-29", /RFC 3339/],
    ["no seconds", "2026-03-29T14:30Z", /RFC 3339/],
    ["single digits", "2026-3-29T14:30:00Z", /RFC 3339/],
    ["an underscore for T", "2026-03-29_14:30:00Z", /RFC 3339/],
    ["two spaces for T", "2026-03-29  14:30:00Z", /RFC 3339/],
    ["a year of five digits", "12026-03-29T14:30:00Z", /RFC 3339/],
    ["a signed year", "+002026-03-29T14:30:00Z", /RFC 3339/],
    ["the basic format", "20260329T143000Z", /RFC 3339/],
    ["other digits", "２０２６-03-29T14:30:00Z", /RFC 3339/],
    ["seconds since 1970", "1774780200", /RFC 3339/],
    ["an HTTP date", "Sun, 29 Mar 2026 14:30:00 GMT", /RFC 3339/],
    ["the year 0000", "0000-06-01T00:00:00Z", /0001 to 9999 in UTC/],
    ["the year 0000 in UTC", "0001-01-01T00:30:00+01:00", /0001 to 9999 in UTC/],
    ["the year 10000 in UTC", "9999-12-31T23:30:00-01:00", /0001 to 9999 in UTC/],
  ])("%s is a fault", (_, text, reason) => {
    expect(normalized(text)).toMatch(reason);
    expect(normalized(text)).toMatch(/^fault/);
  });

  test.each([
    ["2026-03-29T14:30:00", "2026-03-29T14:30:00Z"],
    ["2026-03-29T14:30:00.25+0300", "2026-03-29T14:30:00.25+03:00"],
    ["2026-03-29T14:30:00 -03", "2026-03-29T14:30:00-03:00"],
    ["2026-03-29T14:30:00+2500", null],
    ["yesterday", null],
  ])("%s is answered with the suggestion %s", (text, suggestion) => {
    expect(readEventTime(text)).toMatchObject({ ok: false, suggestion });
  });
});

describe("property: the reader agrees with an oracle that counts days", () => {
  const part = (max: number) => fc.nat(max);
  const pad = (value: number, width = 2) => String(value).padStart(width, "0");

  test("on every combination of parts, right or wrong", () => {
    const parts = fc.record({
      year: fc.oneof(part(9999), fc.constantFrom(0, 1, 4, 99, 100, 400, 1900, 1970, 2000, 2024, 9999)),
      month: part(13),
      day: part(32),
      hour: fc.oneof(part(23), part(24)),
      minute: fc.oneof(part(59), part(60)),
      second: fc.oneof(part(59), part(61)),
      fraction: fc.oneof(
        fc.constant(null),
        fc.string({ unit: fc.constantFrom(..."0123456789"), minLength: 1, maxLength: 12 }),
      ),
      separator: fc.constantFrom("T", "t", " "),
      zone: fc.oneof(
        fc.constantFrom("Z", "z"),
        fc.record({
          sign: fc.constantFrom("+", "-"),
          hours: fc.oneof(part(14), part(24)),
          minutes: fc.oneof(part(59), part(60)),
        }),
      ),
    });
    let accepted = 0;
    fc.assert(
      fc.property(parts, (p) => {
        const zone = typeof p.zone === "string" ? p.zone : `${p.zone.sign}${pad(p.zone.hours)}:${pad(p.zone.minutes)}`;
        const date = `${pad(p.year, 4)}-${pad(p.month)}-${pad(p.day)}`;
        const clock = `${pad(p.hour)}:${pad(p.minute)}:${pad(p.second)}${p.fraction === null ? "" : `.${p.fraction}`}`;
        const time = readEventTime(`${date}${p.separator}${clock}${zone}`);
        const expected = oracle(p);
        if (expected !== null) accepted += 1;
        expect(time.ok ? { normalized: time.normalized, milliseconds: time.milliseconds } : null).toEqual(expected);
      }),
      { numRuns: 3000 },
    );
    expect(accepted).toBeGreaterThan(300);
  });

  interface Parts {
    year: number;
    month: number;
    day: number;
    hour: number;
    minute: number;
    second: number;
    fraction: string | null;
    zone: string | { sign: string; hours: number; minutes: number };
  }

  /** Walks the calendar year by year in BigInt seconds; shares nothing with the code under test. */
  function oracle(p: Parts): { normalized: string; milliseconds: number } | null {
    const isLeap = (year: number) => new Date(Date.UTC(2000 + (year % 400), 1, 29)).getUTCMonth() === 1;
    const lengths = (year: number) => [31, isLeap(year) ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    const daysOfMonth = lengths(p.year)[p.month - 1];
    if (daysOfMonth === undefined || p.day < 1 || p.day > daysOfMonth) return null;
    if (p.hour >= 24 || p.minute >= 60 || p.second >= 60) return null;
    const offset = typeof p.zone === "string" ? { sign: "+", hours: 0, minutes: 0 } : p.zone;
    if (offset.hours >= 24 || offset.minutes >= 60) return null;
    let minutes = p.hour * 60 + p.minute - (offset.sign === "+" ? 1 : -1) * (offset.hours * 60 + offset.minutes);
    let [year, month, day] = [p.year, p.month, p.day];
    if (minutes < 0) {
      minutes += 1440;
      day -= 1;
      if (day === 0) {
        month -= 1;
        if (month === 0) [year, month] = [year - 1, 12];
        day = lengths((year + 400) % 400)[month - 1] as number;
      }
    } else if (minutes >= 1440) {
      minutes -= 1440;
      day += 1;
      if (day > (lengths(year)[month - 1] as number)) {
        [month, day] = [month + 1, 1];
        if (month === 13) [year, month] = [year + 1, 1];
      }
    }
    if (year < 1 || year > 9999) return null;
    const fraction = (p.fraction ?? "").slice(0, 9).replace(/0+$/, "");
    const whole = `${pad(year, 4)}-${pad(month)}-${pad(day)}T${pad(Math.floor(minutes / 60))}:${pad(minutes % 60)}:${pad(p.second)}`;
    return {
      normalized: `${whole}${fraction === "" ? "" : `.${fraction}`}Z`,
      milliseconds: Date.parse(`${whole}.${`${p.fraction ?? ""}000`.slice(0, 3)}Z`),
    };
  }

  test("and what is normalized stays as it is when read again", () => {
    const instant = fc.date({
      min: new Date("0001-01-01T00:00:00Z"),
      max: new Date("9999-12-31T23:59:59Z"),
      noInvalidDate: true,
    });
    fc.assert(
      fc.property(instant, (date) => {
        const once = normalized(date.toISOString());
        expect(normalized(once)).toBe(once);
        expect(readEventTime(once)).toMatchObject({ milliseconds: date.getTime() });
      }),
    );
  });
});

test("property: no text makes it throw, and every suggestion is itself right", () => {
  const timeLike = fc.string({ unit: fc.constantFrom(..."0123456789-:.+TZtz ,_"), maxLength: 40 });
  const cut = fc
    .tuple(fc.constant("2026-03-29T14:30:00.5+03:00"), fc.nat(27), timeLike)
    .map(([time, at, rest]) => time.slice(0, at) + rest);
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: "binary" }), timeLike, cut), (text) => {
      const time = readEventTime(text);
      if (!time.ok && time.suggestion !== null) expect(readEventTime(time.suggestion).ok).toBe(true);
    }),
  );
});
