import { describe, expect, test } from "vitest";
import { accepted, codes, errors, message } from "./parse-event.ts";

describe("lengths", () => {
  test.each([
    ["tenant_id", 256],
    ["api_key", 256],
    ["app_user_id", 256],
    ["event_name", 128],
    ["device_token", 4096],
    ["session_id", 256],
  ])("%s may have %i characters, code points counted", (field, limit) => {
    expect(codes({ [field]: "x".repeat(limit) })).toEqual([]);
    expect(codes({ [field]: "😀".repeat(limit) })).toEqual([]);
    expect(codes({ [field]: "x".repeat(limit + 1) })).toEqual([`${field} too_long`]);
    expect(codes({ [field]: `${"😀".repeat(limit)}x` })).toEqual([`${field} too_long`]);
    expect(message({ [field]: "x".repeat(limit + 1) })).toContain(
      `has ${limit + 1} characters; at most ${limit} are accepted`,
    );
  });

  test("a message repeats 64 characters of what was received, but nothing of a key", () => {
    expect(message({ session_id: "😀".repeat(300) })).toContain(`"${"😀".repeat(64)}…"`);
    expect(message({ api_key: "secret".repeat(50) })).not.toContain("secret");
  });
});

describe("app_user_id", () => {
  test.each([undefined, null, ""])("%j means anonymous", (value) => {
    expect(accepted({ app_user_id: value }).sentAppUserId).toBe("");
  });

  test("anon: of the token sent beside it means anonymous, however long", () => {
    expect(accepted({ app_user_id: "anon:tok_1" }).sentAppUserId).toBe("");
    const token = "t".repeat(4096);
    expect(accepted({ app_user_id: `anon:${token}`, device_token: token }).sentAppUserId).toBe("");
  });

  test.each(["anon:", "anon:tok_2", "anon:tok_1 ", `anon:${"x".repeat(5000)}`])("%j is reserved", (value) => {
    expect(codes({ app_user_id: value })).toEqual(["app_user_id reserved"]);
  });

  test("anon: without a token beside it is reserved", () => {
    expect(codes({ app_user_id: "anon:undefined", device_token: undefined })).toEqual([
      "app_user_id reserved",
      "device_token required",
    ]);
  });

  test.each(["Anon:x", "xanon:", " ", "a\u0000b", "usér 😀"])("%j is a user", (value) => {
    expect(accepted({ app_user_id: value }).sentAppUserId).toBe(value);
  });

  test.each([[0], [false], [[]], [{}]])("%j is an error of type", (value) => {
    expect(codes({ app_user_id: value })).toEqual(["app_user_id invalid_type"]);
  });
});

describe("grammars", () => {
  test.each(["\u0000", "\t", "\n", "\u001f", "\u007f", "\u0085", "\u009f"])(
    "%j is refused in names, tokens and sessions",
    (control) => {
      for (const field of ["event_name", "device_token", "session_id"]) {
        expect(codes({ [field]: `a${control}b` })).toEqual([`${field} invalid_format`]);
      }
    },
  );

  test.each([" ", "\u00a0", "\u2003", "\u2028", "\u3000"])("%j is refused in a token alone", (space) => {
    expect(codes({ device_token: `a${space}b` })).toEqual(["device_token invalid_format"]);
    expect(codes({ event_name: `a${space}b`, session_id: `a${space}b` })).toEqual([]);
  });

  test("event names may be anything else", () => {
    for (const name of [" ", "$set", "a.b", "purchase → done 😀", "__proto__", "constructor"]) {
      expect(accepted({ event_name: name }).eventName).toBe(name);
    }
  });

  test("a time that is wrong is told with what would be right", () => {
    expect(message({ event_time: "2026-03-29T14:30:00" })).toBe(
      'event_time "2026-03-29T14:30:00" has no offset from UTC; did you mean "2026-03-29T14:30:00Z"?',
    );
    expect(message({ event_time: "2026-02-30T00:00:00Z" })).toContain("names a day that does not exist; send RFC 3339");
    expect(codes({ event_time: 1774780200 })).toEqual(["event_time invalid_type"]);
  });
});

describe("lists", () => {
  test.each([
    ["platform", "Android", 'platform "Android" is not one of android, ios, web; did you mean "android"?'],
    ["platform", "symbian", 'platform "symbian" is not one of android, ios, web'],
    [
      "timezone",
      "+03:00",
      'timezone "+03:00" is an offset, which daylight saving time changes; send an IANA name such as "Europe/Istanbul"',
    ],
    [
      "timezone",
      "America/New York",
      'timezone "America/New York" is not a known IANA time zone; did you mean "America/New_York"?',
    ],
    ["timezone", "Mars", 'timezone "Mars" is not a known IANA time zone; send one such as "Europe/Istanbul"'],
    ["language", "en-US", 'language "en-US" is not an ISO 639-1 code; did you mean "en"?'],
    ["language", "xx", 'language "xx" is not an ISO 639-1 code; send one such as "en"'],
    ["country", "UK", 'country "UK" is not an ISO 3166-1 alpha-2 code; did you mean "GB"?'],
    ["country", "ZZZ", 'country "ZZZ" is not an ISO 3166-1 alpha-2 code; send one such as "US"'],
  ])("%s %j is an invalid value, told with what would be right", (field, value, text) => {
    expect(errors({ [field]: value })).toEqual([{ field, code: "invalid_value", message: text }]);
  });

  test.each(["android", "ios", "web"])("%s is a platform", (platform) => {
    expect(accepted({ platform }).platform).toBe(platform);
  });

  test.each(["UTC+3", "GMT-05:00", "-0300", "+3"])("the offset %s is told as one", (timezone) => {
    expect(message({ timezone })).toContain("is an offset");
  });
});

describe("push_permission_granted", () => {
  test.each([
    [true, true],
    [false, false],
    [null, false],
    [undefined, false],
  ])("%j means %j", (value, granted) => {
    expect(accepted({ push_permission_granted: value }).pushPermissionGranted).toBe(granted);
  });

  test.each([["true"], ["false"], [""], [1], [0], [[]], [{}]])("%j is an error of type", (value) => {
    expect(codes({ push_permission_granted: value })).toEqual(["push_permission_granted invalid_type"]);
  });
});
