import { createHmac, createSecretKey } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { verifyUserSignature } from "../../../../gateway/credentials/user-signature.ts";

const SECRET = "cis_0123456789abcdefghijABCDEFGHIJ0123456789";
const secrets = [createSecretKey(SECRET, "utf8")];
const other = createSecretKey("cis_another", "utf8");

describe("a user's signature", () => {
  // Made by Python's hmac module over the UTF-8 of secret and id.
  it.each([
    ["customer-42", "606e054d2727f0dbc2913366b841e1d4c7f70d6b377d90a3dbd63dcf9cbbf436"],
    ["Zoë 😀\u0000x", "2e75417bfcf21796c01a4ee9e079e2a7ca9c3a1273a165687d34a6ca6d5fd6a2"],
    ["\u00e9", "c89050e8714aecb023fed782cfad0981395e0723d6f6f1697212a13b6cc1f25a"],
    ["e\u0301", "6b3353823feea4ae7eda2378d657c99ef43c0fc7b85d786199d14e18afc02423"],
  ])("of %j is what other implementations of HMAC make", (appUserId, userSignature) => {
    expect(verifyUserSignature({ appUserId, userSignature }, secrets)).toBe("valid");
    expect(verifyUserSignature({ appUserId, userSignature: userSignature.toUpperCase() }, secrets)).toBe("valid");
    expect(verifyUserSignature({ appUserId, userSignature }, [other, ...secrets])).toBe("valid");
    expect(verifyUserSignature({ appUserId, userSignature }, [other])).toBe("wrong");
    expect(verifyUserSignature({ appUserId, userSignature }, [])).toBe("wrong");
  });

  it("is not valid for the id in another Unicode form", () => {
    const userSignature = "c89050e8714aecb023fed782cfad0981395e0723d6f6f1697212a13b6cc1f25a";
    expect(verifyUserSignature({ appUserId: "e\u0301", userSignature }, secrets)).toBe("wrong");
  });

  it.each([
    "0",
    "f".repeat(63),
    "f".repeat(65),
    "g".repeat(64),
    "f".repeat(64).concat("\n"),
    " ".repeat(64),
    "é".repeat(64),
  ])("is malformed where it is %j", (userSignature) => {
    expect(verifyUserSignature({ appUserId: "u", userSignature }, secrets)).toBe("malformed");
  });

  test("property: is valid for one id only", () => {
    const id = fc.string({ minLength: 1, maxLength: 20, unit: "grapheme" });
    fc.assert(
      fc.property(id, id, (signed, named) => {
        const userSignature = createHmac("sha256", SECRET).update(signed).digest("hex");
        const verdict = verifyUserSignature({ appUserId: named, userSignature }, secrets);
        expect(verdict).toBe(signed === named ? "valid" : "wrong");
      }),
    );
  });
});
