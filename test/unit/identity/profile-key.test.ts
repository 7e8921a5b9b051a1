import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isShortened, profileKey, userIdOf } from "../../../services/identity/profiles/profile-key.ts";

const app = { tenantId: "t".repeat(64), appId: "app_22222222222222222222" };

describe("the key of a profile", () => {
  test("spells out the user id, slashes included", () => {
    expect(userIdOf(profileKey({ ...app, appUserId: "a/b/c" }))).toBe("a/b/c");
  });

  test("of every possible id fits into a store's 5 KB", () => {
    for (const character of ["x", "é", "通", "🔔"]) {
      const longest = { ...app, appUserId: `anon:${character.repeat(4_096)}` };
      expect(Buffer.byteLength(profileKey(longest))).toBeLessThanOrEqual(5_120);
    }
  });

  test("is another one for every long id", () => {
    const one = { ...app, appUserId: `anon:${"通".repeat(4_095)}a` };
    const other = { ...app, appUserId: `anon:${"通".repeat(4_095)}b` };
    expect(isShortened(one.appUserId)).toBe(true);
    expect(profileKey(one)).not.toBe(profileKey(other));
  });

  test("is not shortened for any id that an app can give its users", () => {
    fc.assert(fc.property(fc.string({ unit: "binary", maxLength: 256 }), (id) => !isShortened(id)));
  });
});
