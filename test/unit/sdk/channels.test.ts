import { afterEach, beforeEach, describe, expect, type MockInstance, test, vi } from "vitest";
import { eventChannel } from "../../../sdk/web/src/event-channel.ts";
import { gatewayUrl } from "../../../sdk/web/src/gateway-url.ts";
import { openChannel } from "../../../sdk/web/src/open-channel.ts";
import type { Item, Queue } from "../../../sdk/web/src/queue.ts";

const endpoint = "https://gateway.example";
const queue: Queue = { add: () => undefined, items: () => [], remove: () => undefined };
const items: readonly Item[] = [1, 2, 3].map((at) => ({ key: `${at}`, text: "{}", isOwn: true, addedMs: at }));

describe("an accepted request", () => {
  let warned: MockInstance;
  beforeEach(() => {
    warned = vi.spyOn(console, "warn").mockImplementation(() => undefined);
  });
  afterEach(() => void vi.restoreAllMocks());

  test("is about the events of which the answer says what became of them", () => {
    const { done } = eventChannel({ queue, endpoint, appId: "app" });
    const results = [{ status: "stored" }, { status: "retry" }, { status: "rejected", error: { message: "no" } }];
    expect(done(items, { success: false, results })).toEqual([items[0], items[2]]);
    expect(warned).toHaveBeenCalledWith(expect.stringContaining("no"));
  });

  test.each([null, "ok", {}, { results: "ok!" }, { results: [{}, null, { status: "new" }] }])(
    "is not about events where something else than the gateway answers: %j",
    (answer) => {
      expect(eventChannel({ queue, endpoint, appId: "app" }).done(items, answer)).toEqual([]);
    },
  );

  test("is not about an opened push where something else than the gateway answers", () => {
    const { done } = openChannel({ queue, endpoint, tenantId: "t", apiKey: "k" });
    expect(done(items, { success: true })).toEqual(items);
    for (const answer of [null, {}, "true"]) expect(done(items, answer)).toEqual([]);
  });
});

describe("the gateway's address", () => {
  test.each([
    ["https://gateway.example", "https://gateway.example"],
    ["https://gateway.example:8443///", "https://gateway.example:8443"],
    ["http://site.example/track/?a=1#b", "http://site.example/track"],
  ])("%s is used as %s", (text, used) => {
    expect(gatewayUrl(text)).toBe(used);
  });

  test.each(["", "gateway.example", "/track", "ftp://gateway.example", "javascript:alert(1)"])("is not %j", (text) => {
    expect(() => gatewayUrl(text)).toThrow(TypeError);
  });
});
