import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { createQueue } from "../../../sdk/web/src/queue.ts";
import { createSender } from "../../../sdk/web/src/sender.ts";
import type { Storage } from "../../../sdk/web/src/storage.ts";

/** A request and when it was made, milliseconds from the start. */
interface Request {
  readonly atMs: number;
  readonly texts: readonly string[];
}

function memoryStorage(): Storage {
  const texts = new Map<string, string>();
  return {
    get: (key) => texts.get(key),
    set: (key, text) => void texts.set(key, text),
    remove: (key) => void texts.delete(key),
    keys: (prefix) => [...texts.keys()].filter((key) => key.startsWith(prefix)),
  };
}

/** A sender of one page over a network that is whatever `answer` says. */
function page(answer: () => Response | undefined, storage = memoryStorage()) {
  const startMs = Date.now();
  const requests: Request[] = [];
  vi.stubGlobal("fetch", async (_url: string, { body }: { readonly body: string }) => {
    requests.push({ atMs: Date.now() - startMs, texts: JSON.parse(body) });
    const response = answer();
    if (response === undefined) throw new TypeError("Failed to fetch");
    return response;
  });
  const queue = createQueue(storage, "event:");
  const sender = createSender({
    channels: [
      {
        queue,
        url: "https://gateway.example/events",
        maxItems: 50,
        body: (items) => JSON.stringify(items.map(({ text }) => text)),
        done: (items) => items,
      },
    ],
    exclusive: async (work) => {
      await work();
      return 0;
    },
    storage,
    waitKey: "wait",
  });
  return { requests, queue, sender, track: (text: string) => sender.added(queue.add(text, text)) };
}

const accepted = () => new Response("{}");
const overloaded = (retryAfter?: string) =>
  new Response("", { status: 503, ...(retryAfter === undefined ? {} : { headers: { "Retry-After": retryAfter } }) });
const waits = (requests: readonly Request[]) => requests.slice(1).map(({ atMs }, at) => atMs - requests[at]!.atMs);

describe("sending what is queued", () => {
  beforeEach(() => {
    vi.useFakeTimers({ now: Date.UTC(2026, 10, 21) });
    vi.spyOn(Math, "random").mockReturnValue(0);
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.restoreAllMocks();
    vi.unstubAllGlobals();
  });

  test("a network error is retried after 1, 2, 4, 8 and 16 s, then at the next launch", async () => {
    const { requests, sender, track } = page(() => undefined);
    track("a");
    await vi.advanceTimersByTimeAsync(3_600_000);
    expect(waits(requests)).toEqual([1_000, 2_000, 4_000, 8_000, 16_000]);
    sender.launch();
    await vi.advanceTimersByTimeAsync(0);
    expect(requests.length).toBe(7);
  });

  test("an overloaded gateway is asked again after 1, 2 and 4 s, then at the next launch", async () => {
    const { requests, sender, track } = page(() => overloaded());
    track("a");
    await vi.advanceTimersByTimeAsync(3_600_000);
    expect(waits(requests)).toEqual([1_000, 2_000, 4_000]);
    sender.launch();
    await vi.advanceTimersByTimeAsync(0);
    expect(requests.length).toBe(5);
  });

  test("after the last retry another event is tried once 60 s have passed, and takes along what waits", async () => {
    const { requests, track } = page(() => undefined);
    track("a");
    await vi.advanceTimersByTimeAsync(31_000);
    expect(requests.length).toBe(6);
    track("b");
    await vi.advanceTimersByTimeAsync(59_999);
    expect(requests.length).toBe(6);
    await vi.advanceTimersByTimeAsync(1);
    expect(requests[6]?.texts).toEqual(["a", "b"]);
  });

  test("waits are up to half as long again, so that browsers do not come back together", async () => {
    vi.mocked(Math.random).mockReturnValue(0.999);
    const { requests, track } = page(() => undefined);
    track("a");
    await vi.advanceTimersByTimeAsync(3_600_000);
    for (const [at, waitMs] of waits(requests).entries()) {
      expect(waitMs / (1_000 * 2 ** at)).toBeGreaterThan(1.49);
      expect(waitMs / (1_000 * 2 ** at)).toBeLessThan(1.5);
    }
  });

  test("a gateway that asks for a wait has it from every page, new ones and those that go included", async () => {
    const storage = memoryStorage();
    const first = page(() => overloaded("30"), storage);
    first.track("a");
    await vi.advanceTimersByTimeAsync(0);
    const second = page(accepted, storage);
    second.sender.launch();
    second.track("b");
    second.sender.hide();
    await vi.advanceTimersByTimeAsync(29_999);
    expect([first.requests.length, second.requests.length]).toEqual([1, 0]);
    await vi.advanceTimersByTimeAsync(1);
    expect(second.requests.length).toBeGreaterThan(0);
  });

  test("a wait that a clock set back made endless is forgotten", async () => {
    const storage = memoryStorage();
    storage.set("wait", String(Date.now() + 365 * 86_400_000));
    const { requests, track } = page(accepted, storage);
    track("a");
    await vi.advanceTimersByTimeAsync(0);
    expect(requests.length).toBe(1);
  });

  test("an event leaves at once, those of the next second together after it", async () => {
    const { requests, track } = page(accepted);
    track("a");
    await vi.advanceTimersByTimeAsync(10);
    track("b");
    track("c");
    await vi.advanceTimersByTimeAsync(10_000);
    expect(requests).toEqual([
      { atMs: 0, texts: ["a"] },
      { atMs: 1_000, texts: ["b", "c"] },
    ]);
  });

  test("a request has at most 50 events and less than 64 KB, in the order in which they were tracked", async () => {
    const { requests, track, queue } = page(accepted);
    const texts = Array.from({ length: 120 }, (_, at) => `${at}:${"é".repeat(at < 60 ? 10 : 1_000)}`);
    for (const text of texts) track(text);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(requests.flatMap((request) => request.texts)).toEqual(texts);
    expect(Math.max(...requests.map((request) => request.texts.length))).toBe(50);
    for (const request of requests) {
      expect(Buffer.byteLength(JSON.stringify(request.texts))).toBeLessThan(65_536);
    }
    expect(queue.items()).toEqual([]);
  });

  test("what a page left behind is sent by another one after 3 s, its own events before", async () => {
    const storage = memoryStorage();
    createQueue(storage, "event:").add("left", "left");
    const { requests, track } = page(accepted, storage);
    track("own");
    await vi.advanceTimersByTimeAsync(60_000);
    expect(requests.map(({ texts }) => texts)).toEqual([["own"], ["left"]]);
    expect(requests[1]?.atMs).toBeGreaterThanOrEqual(3_000);
  });
});
