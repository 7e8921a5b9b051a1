import { describe, expect, it } from "vitest";
import { createIdentity } from "../../../sdk/web/src/identity.ts";
import type { Storage } from "../../../sdk/web/src/storage.ts";

const VISITOR = /^web:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const SIGNATURE = "0f".repeat(32);

function memoryStorage(texts = new Map<string, string>()): Storage {
  return {
    get: (key) => texts.get(key),
    set: (key, text) => void texts.set(key, text),
    remove: (key) => void texts.delete(key),
    keys: (prefix) => [...texts.keys()].filter((key) => key.startsWith(prefix)),
  };
}

describe("the browser's user", () => {
  it("has a signature if one was given with the name, and on later visits too", () => {
    const storage = memoryStorage();
    createIdentity(storage, "user").setUserId("ada lovelace", SIGNATURE);
    expect(createIdentity(storage, "user").user()).toEqual({ user_id: "ada lovelace", user_signature: SIGNATURE });
  });

  it("has none of an earlier user", () => {
    const identity = createIdentity(memoryStorage(), "user");
    identity.setUserId("ada", SIGNATURE);
    identity.setUserId("grace");
    expect(identity.user()).toEqual({ user_id: "grace" });
    identity.setUserId("ada", SIGNATURE);
    identity.setUserId(null);
    expect(identity.user()).toEqual({ user_id: expect.stringMatching(VISITOR) });
  });

  it("has none where another tab has changed the name only", () => {
    const storage = memoryStorage();
    const identity = createIdentity(storage, "user");
    identity.setUserId("ada", SIGNATURE);
    storage.set("user", "grace");
    expect(identity.user()).toEqual({ user_id: "grace" });
  });

  it("is a visitor without a signature until it is named", () => {
    const identity = createIdentity(memoryStorage(), "user");
    expect(identity.user()).toEqual({ user_id: expect.stringMatching(VISITOR) });
    expect(identity.user()).toEqual(identity.user());
  });
});
