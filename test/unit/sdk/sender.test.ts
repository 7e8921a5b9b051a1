import { afterEach, beforeEach, describe, expect, type MockInstance, test, vi } from "vitest";
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
  const track = (text: string) => {
    queue.add(text);
    sender.added();
  };
  return { requests, queue, sender, track };
}

const accepted = () => new Response("{}");
const overloaded = (retryAfter?: string) =>
  new Response("", { status: 503, ...(retryAfter === undefined ? {} : { headers: { "Retry-After": retryAfter } }) });
const waits = (requests: readonly Request[]) => requests.slice(1).map(({ atMs }, at) => atMs - requests[at]!.atMs);

describe("sending what is queued", () => {
  let warned: MockInstance;

  beforeEach(() => {
    vi.useFakeTimers({ now: Date.UTC(2026, 10, 21) });
    vi.spyOn(Math, "random").mockReturnValue(0);
    warned = vi.spyOn(console, "warn").mockImplementation(() => undefined);
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

  test("a clock set back while a page waits makes it wait no longer", async () => {
    const { requests, track } = page(() => undefined);
    track("a");
    await vi.advanceTimersByTimeAsync(0);
    vi.setSystemTime(Date.now() - 86_400_000);
    await vi.advanceTimersByTimeAsync(31_000);
    expect(requests.length).toBe(6);
  });

  test("a wait may be asked for as a date, as proxies do", async () => {
    const { requests, track } = page(() => overloaded(new Date(Date.now() + 30_000).toUTCString()));
    track("a");
    await vi.advanceTimersByTimeAsync(29_999);
    expect(requests.length).toBe(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(requests.length).toBe(2);
  });

  test("what others wrote under the SDK's names is sent if it may be, dropped if not, and keeps nothing else back", async () => {
    const storage = memoryStorage();
    storage.set("wait", "until tomorrow");
    storage.set("event:-", "no time");
    storage.set("event:000000000", "x".repeat(70_000));
    const { requests, track, queue } = page(accepted, storage);
    track("own");
    await vi.advanceTimersByTimeAsync(60_000);
    expect(requests.map(({ texts }) => texts)).toEqual([["own"], ["no time"]]);
    expect([...queue.items()]).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("a page that goes sends all of its own, as far as the browser takes it", async () => {
    const { requests, sender, track } = page(() => undefined);
    for (let at = 0; at < 120; at++) track(`${at}`);
    sender.hide();
    expect(requests.map(({ texts }) => texts.length)).toEqual([50, 50, 20]);
    const large = page(() => undefined);
    for (let at = 0; at < 3; at++) large.track("x".repeat(25_000));
    large.sender.hide();
    expect(large.requests.map(({ texts }) => texts.length)).toEqual([2]);
  });

  test("a page that goes while it looks for an event that is refused makes no more than 8 requests", async () => {
    const { requests, sender, track } = page(() => new Response("", { status: 400 }));
    for (let at = 0; at < 100; at++) track(`${at}`);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(requests.at(-1)?.texts.length).toBe(1);
    const before = requests.length;
    sender.hide();
    expect(requests.length - before).toBe(8);
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
    expect([...queue.items()]).toEqual([]);
  });

  test("what a page left behind is sent by another one after 3 s, its own events before", async () => {
    const storage = memoryStorage();
    createQueue(storage, "event:").add("left");
    const { requests, track } = page(accepted, storage);
    track("own");
    await vi.advanceTimersByTimeAsync(60_000);
    expect(requests.map(({ texts }) => texts)).toEqual([["own"], ["left"]]);
    expect(requests[1]?.atMs).toBeGreaterThanOrEqual(3_000);
  });

  test("of more than 500,000 characters the newest wait, however fast they come, and it is told", async () => {
    const { queue, track } = page(() => undefined);
    for (let at = 0; at < 1_000; at++) track(`${at}:${"x".repeat(1_000)}`);
    const waiting = [...queue.items()];
    const characters = waiting.reduce((sum, { key, text }) => sum + key.length + text.length, 0);
    expect(characters).toBeLessThanOrEqual(500_000);
    expect(characters).toBeGreaterThan(400_000);
    const numbers = waiting.map(({ text }) => Number.parseInt(text, 10));
    expect(numbers).toEqual(numbers.map((_, at) => 1_000 - numbers.length + at));
    expect(warned.mock.calls.length).toBeGreaterThan(0);
    expect(warned.mock.calls.length).toBeLessThan(20);
  });
});
