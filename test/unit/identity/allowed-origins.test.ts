import { describe, expect, test } from "vitest";
import { parseAllowedOrigin } from "../../../services/identity/apps/allowed-origins.ts";

describe("allowed origins", () => {
  test.each([
    ["https://shop.example", "https://shop.example"],
    ["http://localhost:*", "http://localhost:*"],
    ["http://127.0.0.1:*", "http://127.0.0.1:*"],
    ["https://*.shop.example", "https://*.shop.example"],
    ["https://*.shop.example:*", "https://*.shop.example:*"],
    ["http://[::1]:3000", "http://[::1]:3000"],
    ["HTTPS://Shop.Example", "https://shop.example"],
    ["https://shop.example:443", "https://shop.example"],
    ["http://shop.example:443", "http://shop.example:443"],
    ["https://bücher.example", "https://xn--bcher-kva.example"],
  ])("%s is stored as browsers send it: %s", (text, stored) => {
    expect(parseAllowedOrigin(text)).toBe(stored);
  });

  test.each([
    "",
    "*",
    "null",
    "shop.example",
    "https://",
    "https://shop.example/",
    "https://shop.example/path",
    "https://shop.example?x",
    "https://user@shop.example",
    "https://*",
    "https://shop.*.example",
    "https://shop*.example",
    "https://shop.example:",
    "https://shop.example:70000",
    "https://shop.example:8*",
    "https://shop example",
    "ftp://shop.example",
    "https://[::1",
    "https://[::g]",
    `https://${"a".repeat(300)}.example`,
  ])("%s is no origin", (text) => {
    expect(parseAllowedOrigin(text)).toBeUndefined();
  });
});
