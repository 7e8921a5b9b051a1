/** An event's time, read. */
export interface EventTime {
  readonly ok: true;
  /** UTC, `YYYY-MM-DDTHH:MM:SS[.f]Z`, at most 9 digits of fraction, no trailing zeros (semantics.md, Event). */
  readonly normalized: string;
  /** The same instant in whole milliseconds since 1970-01-01T00:00:00Z, the rest cut. */
  readonly milliseconds: number;
}

/** Why a text is no event time: `reason` completes "event_time … ", `suggestion` is a time that would be right. */
export interface EventTimeFault {
  readonly ok: false;
  readonly reason: string;
  readonly suggestion: string | null;
}

// RFC 3339 section 5.6: `T` and `Z` in either case, a space for `T`. The offset is matched apart from the
// rest, so that a missing one can be told from a text that is no time at all.
const DATE_TIME = /^(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d+))?(.*)$/s;
const OFFSET = /^([+-])(\d\d):(\d\d)$/;
// A time whose offset is missing, or written in a way that ISO 8601 allows and RFC 3339 does not.
const LOOSE = /^(.{19}(?:\.\d{1,12})?)(?: ?([+-]\d\d):?(\d\d)?)?$/;

const FRACTION_DIGITS = 9;
const MS_PER_DAY = 86_400_000;
const MS_PER_MINUTE = 60_000;
// Gregorian, proleptic before 1582 (as RFC 3339 and Date count): the years that four digits can hold in UTC.
const FIRST_MS = Date.parse("0001-01-01T00:00:00.000Z");
const LAST_MS = Date.parse("9999-12-31T23:59:59.999Z");
const DAYS_IN_400_YEARS = 146_097;
const MONTH_DAYS = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] as const;

/**
 * Reads an RFC 3339 time with an offset, as http.md (`event_time`) and semantics.md (Event) fix it. Leap
 * seconds, hour 24, days that a month does not have and years outside 0001 to 9999 in UTC are faults, and so
 * is a missing offset. Offsets reach from -23:59 to +23:59; `-00:00` counts as UTC.
 */
export function readEventTime(text: string): EventTime | EventTimeFault {
  const time = read(text);
  return typeof time === "string" ? { ok: false, reason: time, suggestion: suggest(text) } : time;
}

/** The time, or what is wrong with it. */
function read(text: string): EventTime | string {
  const match = DATE_TIME.exec(text);
  if (match === null) return "is not an RFC 3339 time";
  const [, yearText, monthText, dayText, hourText, minuteText, secondText, fraction, zone] = match as string[];
  const [year, month, day] = [Number(yearText), Number(monthText), Number(dayText)];
  const [hour, minute, second] = [Number(hourText), Number(minuteText), Number(secondText)];
  const wrong = impossibleDate(year, month, day) ?? impossibleTime(hour, minute, second);
  if (wrong !== null) return wrong;
  const offset = offsetMinutes(zone as string);
  if (offset === null) return zone === "" ? "has no offset from UTC" : "has no valid offset (Z, or +hh:mm up to 23:59)";
  const local = utcMilliseconds(year, month, day) + ((hour * 60 + minute) * 60 + second) * 1000;
  const seconds = local - offset * MS_PER_MINUTE;
  if (seconds < FIRST_MS || seconds > LAST_MS) return "lies outside the years 0001 to 9999 in UTC";
  // Without an offset to apply, the text's own digits are already those of UTC.
  const utc =
    offset === 0 ? `${text.slice(0, 10)}T${text.slice(11, 19)}` : new Date(seconds).toISOString().slice(0, 19);
  return {
    ok: true,
    normalized: `${utc}${normalizedFraction(fraction)}Z`,
    milliseconds: seconds + milliseconds(fraction),
  };
}

/** A fraction with its point, cut to nine digits and without trailing zeros; empty where nothing remains. */
function normalizedFraction(digits: string | undefined): string {
  if (digits === undefined) return "";
  let end = Math.min(digits.length, FRACTION_DIGITS);
  while (end > 0 && digits.charCodeAt(end - 1) === 0x30) end -= 1;
  return end === 0 ? "" : `.${digits.slice(0, end)}`;
}

function milliseconds(digits: string | undefined): number {
  return digits === undefined ? 0 : Number(digits.slice(0, 3).padEnd(3, "0"));
}

function impossibleDate(year: number, month: number, day: number): string | null {
  if (month < 1 || month > 12) return "names an impossible month";
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  const last = month === 2 && !leap ? 28 : (MONTH_DAYS[month - 1] as number);
  return day < 1 || day > last ? "names a day that does not exist" : null;
}

function impossibleTime(hour: number, minute: number, second: number): string | null {
  if (hour > 23) return "names an impossible hour (00 to 23)";
  if (minute > 59) return "names an impossible minute (00 to 59)";
  if (second === 60) return "names a leap second, which is not accepted (seconds are 00 to 59)";
  return second > 59 ? "names an impossible second (00 to 59)" : null;
}

/** Offset from UTC in minutes, null where `zone` is none. */
function offsetMinutes(zone: string): number | null {
  if (zone === "Z" || zone === "z") return 0;
  const match = OFFSET.exec(zone);
  if (match === null) return null;
  const [hours, minutes] = [Number(match[2]), Number(match[3])];
  if (hours > 23 || minutes > 59) return null;
  return (match[1] === "-" ? -1 : 1) * (hours * 60 + minutes);
}

function utcMilliseconds(year: number, month: number, day: number): number {
  // Date.UTC reads the years 0 to 99 as 1900 to 1999; 400 years later the calendar is the same.
  return Date.UTC(year + 400, month - 1, day) - DAYS_IN_400_YEARS * MS_PER_DAY;
}

/** A time that is right and differs only in its offset; null where that is not all that is wrong. */
function suggest(text: string): string | null {
  const match = LOOSE.exec(text);
  if (match === null) return null;
  const [, time, hours, minutes = "00"] = match;
  const candidate = hours === undefined ? `${time}Z` : `${time}${hours}:${minutes}`;
  return typeof read(candidate) === "string" ? null : candidate;
}
