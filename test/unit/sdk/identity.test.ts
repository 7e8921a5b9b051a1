import { afterEach, describe, expect, test, vi } from "vitest";
import { createIdentity } from "../../../sdk/web/src/identity.ts";
import { pageStorage, type Storage } from "../../../sdk/web/src/storage.ts";

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

/** A browser's localStorage, which takes nothing any more once it is full. */
class BrowserStorage {
  setItem(key: string, text: string): void {
    if (isFull) throw new DOMException("quota", "QuotaExceededError");
    Object.assign(this, { [key]: text });
  }
  getItem(key: string): string | null {
    return (this as unknown as Record<string, string>)[key] ?? null;
  }
  removeItem(key: string): void {
    delete (this as unknown as Record<string, string>)[key];
  }
}
let isFull = false;

/** What a page that opens now knows of its user; `kept`: what earlier pages and others left in the storage. */
function openPage(kept: BrowserStorage) {
  vi.stubGlobal("localStorage", kept);
  return createIdentity(pageStorage(), "user");
}

describe("the user of a browser", () => {
  afterEach(() => {
    isFull = false;
    vi.unstubAllGlobals();
  });

  test.each(["", "anon:token", "x".repeat(257), "\ud800"])(
    "is a new one where what is kept as the id is no id: %j",
    (text) => {
      const kept = new BrowserStorage();
      kept.setItem("user", text);
      const id = openPage(kept).user().user_id;
      expect(id).toMatch(VISITOR);
      expect(openPage(kept).user().user_id).toBe(id);
    },
  );

  test("who logs out while the storage is full is not back on the next visit", () => {
    const kept = new BrowserStorage();
    const first = openPage(kept);
    first.setUserId("ada");
    isFull = true;
    first.setUserId(null);
    const id = first.user().user_id;
    expect(id).toMatch(VISITOR);
    expect(first.user().user_id).toBe(id);
    isFull = false;
    expect(openPage(kept).user().user_id).toMatch(VISITOR);
  });
});

describe("the browser's user", () => {
  test("has a signature if one was given with the name, and on later visits too", () => {
    const storage = memoryStorage();
    createIdentity(storage, "user").setUserId("ada lovelace", SIGNATURE);
    expect(createIdentity(storage, "user").user()).toEqual({ user_id: "ada lovelace", user_signature: SIGNATURE });
  });

  test("has none of an earlier user", () => {
    const identity = createIdentity(memoryStorage(), "user");
    identity.setUserId("ada", SIGNATURE);
    identity.setUserId("grace");
    expect(identity.user()).toEqual({ user_id: "grace" });
    identity.setUserId("ada", SIGNATURE);
    identity.setUserId(null);
    expect(identity.user()).toEqual({ user_id: expect.stringMatching(VISITOR) });
  });

  test("has none where what is kept as the signature is no signature", () => {
    const storage = memoryStorage(
      new Map([
        ["user", "ada"],
        ["user:signature", "half ada"],
      ]),
    );
    expect(createIdentity(storage, "user").user()).toEqual({ user_id: "ada" });
  });

  test("has none where another tab has changed the name only", () => {
    const storage = memoryStorage();
    const identity = createIdentity(storage, "user");
    identity.setUserId("ada", SIGNATURE);
    storage.set("user", "grace");
    expect(identity.user()).toEqual({ user_id: "grace" });
  });

  test("is a visitor without a signature until it is named", () => {
    const identity = createIdentity(memoryStorage(), "user");
    expect(identity.user()).toEqual({ user_id: expect.stringMatching(VISITOR) });
    expect(identity.user()).toEqual(identity.user());
  });
});
