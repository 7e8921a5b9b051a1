import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isAllowedOrigin } from "../../../../gateway/surfaces/appizer/origin.ts";
import { parseAllowedOrigin } from "../../../../services/identity/apps/allowed-origins.ts";

const label = fc.stringMatching(/^[a-z][a-z0-9]{0,8}$/);
const host = fc.array(label, { minLength: 1, maxLength: 4 }).map((labels) => labels.join("."));
const port = fc.integer({ min: 1, max: 65_535 }).filter((number) => number !== 80 && number !== 443);
const scheme = fc.constantFrom("http", "https");

/** The pattern as identity stores it. */
function stored(text: string): string {
  const pattern = parseAllowedOrigin(text);
  if (pattern === undefined) throw new Error(`${text} is no pattern`);
  return pattern;
}

describe("an allowed origin", () => {
  it("allows itself as browsers serialize it, and with `*` any port", () => {
    fc.assert(
      fc.property(scheme, host, port, (...[scheme, host, port]) => {
        const origin = `${scheme}://${host}:${port}`;
        expect(isAllowedOrigin(origin, [stored(origin)])).toBe(true);
        expect(isAllowedOrigin(origin, [stored(`${scheme}://${host}:*`)])).toBe(true);
        expect(isAllowedOrigin(`${scheme}://${host}`, [stored(`${scheme}://${host}:*`)])).toBe(true);
        expect(isAllowedOrigin(origin, [stored(`${scheme}://${host}`)])).toBe(false);
      }),
    );
  });

  it("that begins with `*.` allows every host below it and no other", () => {
    fc.assert(
      fc.property(scheme, host, label, (...[scheme, host, label]) => {
        const allowed = [stored(`${scheme}://*.${host}`)];
        expect(isAllowedOrigin(`${scheme}://${label}.${host}`, allowed)).toBe(true);
        expect(isAllowedOrigin(`${scheme}://${label}.x.${host}`, allowed)).toBe(true);
        expect(isAllowedOrigin(`${scheme}://${host}`, allowed)).toBe(false);
        expect(isAllowedOrigin(`${scheme}://${label}${host}`, allowed)).toBe(false);
        expect(isAllowedOrigin(`${scheme}://${label}.${host}.evil.example`, allowed)).toBe(false);
      }),
    );
  });

  it.each([
    ["https://shop.example", "https://SHOP.example:443"],
    ["https://xn--bcher-kva.example", "https://bücher.example"],
    ["http://[::1]:8080", "http://[0:0::1]:*"],
    ["http://127.0.0.1:4000", "http://127.0.0.1:*"],
  ])("of the same meaning allows %s", (origin, pattern) => {
    expect(isAllowedOrigin(origin, [stored(pattern)])).toBe(true);
  });

  it.each([
    undefined,
    "",
    "null",
    "https://shop.example/",
    "https://shop.example:443",
    "HTTPS://shop.example",
    "https://u@shop.example",
    "shop.example",
    "http://shop.example",
  ])("does not allow %j", (origin) => {
    expect(isAllowedOrigin(origin, ["https://shop.example"])).toBe(false);
  });

  it("never allows or fails at whatever is sent, where nothing is allowed", () => {
    fc.assert(fc.property(fc.oneof(fc.string(), fc.webUrl()), (origin) => !isAllowedOrigin(origin, [])));
  });
});
