import { describe, expect, test } from "vitest";
import { generateAppId, isAppName, isTenantId } from "../../../services/identity/apps/app.ts";
import { generateKey, hashKey, keyPrefix } from "../../../services/identity/apps/credentials.ts";

describe("keys", () => {
  test("tell their kind, are safe in URLs and have 40 random characters", () => {
    expect(generateKey("api")).toMatch(/^cpk_[A-Za-z0-9]{40}$/);
    expect(generateKey("server")).toMatch(/^csk_[A-Za-z0-9]{40}$/);
  });

  test("are different each time, and use every letter and digit", () => {
    const keys = Array.from({ length: 500 }, () => generateKey("server"));
    expect(new Set(keys).size).toBe(500);
    expect(new Set(keys.flatMap((key) => [...key.slice(4)])).size).toBe(62);
  });

  test("are stored by their SHA-256", () => {
    expect(hashKey("abc")).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  });

  test("show 6 of their random characters afterwards", () => {
    expect(keyPrefix("csk_0123456789")).toBe("csk_012345");
  });
});

describe("apps", () => {
  test("have a generated id without a slash", () => {
    expect(generateAppId()).toMatch(/^app_[a-z2-7]{20}$/);
  });

  test("belong to a tenant of 1 to 64 letters, digits, _ or -", () => {
    expect(isTenantId("Acme_1-x")).toBe(true);
    expect(isTenantId("a".repeat(64))).toBe(true);
    for (const wrong of ["", "a".repeat(65), "a/b", "a b", "ä", "a\n"]) expect(isTenantId(wrong)).toBe(false);
  });

  test("have a name of 1 to 256 code points", () => {
    expect(isAppName("🔔".repeat(256))).toBe(true);
    expect(isAppName("🔔".repeat(257))).toBe(false);
    expect(isAppName("")).toBe(false);
  });
});
