import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { COUNTRY_CODES, LANGUAGE_CODES } from "../../../../gateway/event/iso-codes.ts";
import {
  canonicalCountry,
  canonicalLanguage,
  canonicalTimezone,
  suggestCountry,
  suggestLanguage,
  suggestTimezone,
} from "../../../../gateway/event/locale.ts";
import { TIMEZONE_NAMES } from "../../../../gateway/event/timezone-names.ts";

describe("a time zone", () => {
  test.each([
    ["Europe/Istanbul", "Europe/Istanbul"],
    ["europe/istanbul", "Europe/Istanbul"],
    ["ASIA/KOLKATA", "Asia/Kolkata"],
    ["asia/calcutta", "Asia/Calcutta"],
    ["US/Eastern", "US/Eastern"],
    ["us/eastern", "US/Eastern"],
    ["Europe/Kyiv", "Europe/Kyiv"],
    ["Europe/Kiev", "Europe/Kiev"],
    ["utc", "UTC"],
    ["gmt", "GMT"],
    ["etc/gmt+3", "Etc/GMT+3"],
    ["Etc/UTC", "Etc/UTC"],
    ["GMT+0", "GMT+0"],
    ["est5edt", "EST5EDT"],
    ["gb-eire", "GB-Eire"],
    ["america/port-au-prince", "America/Port-au-Prince"],
    ["america/argentina/comodrivadavia", "America/Argentina/ComodRivadavia"],
    ["America/Argentina/Buenos_Aires", "America/Argentina/Buenos_Aires"],
  ])("%s is stored as %s", (name, stored) => {
    expect(canonicalTimezone(name)).toBe(stored);
  });

  test.each([
    "+03:00",
    "-0500",
    "+03",
    "UTC+3",
    "GMT+3",
    "Z",
    "Mars/Olympus",
    "Istanbul",
    "Europe/Istanbul ",
    " UTC",
    "Europe / Istanbul",
    "",
    "America/New York",
    "PST",
    "JST",
    "SystemV/EST5",
    "Factory",
    "Etc/Unknown",
    "localtime",
    "posixrules",
    "__proto__",
    "constructor",
    "Asia/\u212aolkata",
    "Europe/İstanbul",
    "Europe/Istanbul\n",
    "x".repeat(10_000),
  ])("%j is none", (name) => {
    expect(canonicalTimezone(name)).toBeNull();
  });

  test("every name that the runtime lists is known, as it stands", () => {
    const runtime = Intl.supportedValuesOf("timeZone");
    expect(runtime.map(canonicalTimezone)).toEqual(runtime);
  });

  test("every name of the database is known in any case, except the one for no place", () => {
    const unknown = TIMEZONE_NAMES.filter((name) => {
      return canonicalTimezone(name.toUpperCase()) !== name || canonicalTimezone(name.toLowerCase()) !== name;
    });
    expect(unknown).toEqual(["Factory"]);
  });

  test.each([
    ["America/New York", "America/New_York"],
    ["Istanbul", "Europe/Istanbul"],
    ["new york", "America/New_York"],
    ["Asia/Berlin", "Europe/Berlin"],
    [" UTC ", "UTC"],
    ["Nowhere", null],
    ["", null],
    ["/", null],
    ["İ", null],
  ])("%j suggests %j", (name, suggestion) => {
    expect(suggestTimezone(name)).toBe(suggestion);
  });
});

describe("a language", () => {
  test("is one of the 183 codes in force, each kept as it is", () => {
    expect(new Set(LANGUAGE_CODES).size).toBe(183);
    expect(LANGUAGE_CODES.map((code) => canonicalLanguage(code.toUpperCase()))).toEqual(LANGUAGE_CODES);
  });

  test("has a name in the data of the runtime", () => {
    const names = new Intl.DisplayNames("en", { type: "language", fallback: "none" });
    expect(LANGUAGE_CODES.filter((code) => names.of(code) === undefined)).toEqual([]);
  });

  test.each([
    ["iw", "he"],
    ["IN", "id"],
    ["Ji", "yi"],
    ["fil", "tl"],
    ["FIL", "tl"],
    ["tR", "tr"],
  ])("%s is stored as %s", (code, stored) => {
    expect(canonicalLanguage(code)).toBe(stored);
  });

  test.each([
    "",
    "e",
    "xx",
    "eng",
    "en-US",
    "en_US",
    " en",
    "en\n",
    "english",
    "sh",
    "mo",
    "\u212aa",
    "K\u0131",
    "__proto__",
  ])("%j is none", (code) => {
    expect(canonicalLanguage(code)).toBeNull();
  });

  test.each([
    ["en-US", "en"],
    ["zh_Hant_TW", "zh"],
    ["pt-BR", "pt"],
    ["fil-PH", "tl"],
    ["iw-IL", "he"],
    ["eng", "en"],
    ["deu", "de"],
    ["mo", "ro"],
    [" en", "en"],
    ["xx", null],
    ["english", null],
    ["", null],
    ["x".repeat(9999), null],
  ])("%j suggests %j", (code, suggestion) => {
    expect(suggestLanguage(code)).toBe(suggestion);
  });
});

describe("a country", () => {
  test("is one of the 249 codes assigned, or XK", () => {
    expect(new Set(COUNTRY_CODES).size).toBe(249);
    expect(COUNTRY_CODES.map((code) => canonicalCountry(code.toLowerCase()))).toEqual(COUNTRY_CODES);
    expect(canonicalCountry("xk")).toBe("XK");
  });

  test.each(["", "U", "USA", "UK", "EU", "XX", "ZZ", "840", "en-US", " US", "US\n", "ﬁ", "uſ", "Türkiye", "__proto__"])(
    "%j is none",
    (code) => {
      expect(canonicalCountry(code)).toBeNull();
    },
  );

  test.each([
    ["UK", "GB"],
    ["en-US", "US"],
    ["tr_TR", "TR"],
    ["840", "US"],
    [" us ", "US"],
    ["USA", null],
    ["XX", null],
    ["", null],
  ])("%j suggests %j", (code, suggestion) => expect(suggestCountry(code)).toBe(suggestion));
});

test("property: no text makes any of them throw, and every suggestion is itself right", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 40 }), (text) => {
      for (const [canonical, suggest] of [
        [canonicalTimezone, suggestTimezone],
        [canonicalLanguage, suggestLanguage],
        [canonicalCountry, suggestCountry],
      ] as const) {
        const suggestion = suggest(text);
        if (suggestion !== null) expect(canonical(suggestion)).toBe(suggestion);
        const stored = canonical(text);
        if (stored !== null) expect(canonical(stored)).toBe(stored);
      }
    }),
  );
});
