import type { Channel } from "./channel.ts";
import type { Exclusive } from "./exclusive.ts";
import { MAX_BODY_BYTES, type Outcome, post } from "./post.ts";
import type { Item } from "./queue.ts";
import { LONGEST_RETRY_AFTER_MS, LONGEST_WAIT_MS, NETWORK_RETRIES, retryWaitMs, SERVER_RETRIES } from "./retry.ts";
import type { Storage } from "./storage.ts";
import { utf8Bytes } from "./text.ts";
import { warn } from "./warn.ts";

/** Shortest time between two requests of a page, in milliseconds: events of that time share a request. */
const PACE_MS = 1_000;
/**
 * How long an item of another page is left to that page, in milliseconds. What one tab removes, another may still see
 * for a moment (localStorage is not in step between processes), and would send again.
 */
const LEAVE_TO_OTHERS_MS = 3_000;
/** Most requests of a kind that a page makes when it goes: the gateway takes 10 a second from an address. */
const LAST_REQUESTS = 8;

export interface SenderOptions {
  readonly channels: readonly Channel[];
  readonly exclusive: Exclusive;
  readonly storage: Storage;
  /** Where all tabs find until when the server asked to be left alone. */
  readonly waitKey: string;
  /** Sends without an answer, where the browser has no keepalive requests; false where it won't. */
  readonly beacon?: (url: string, body: string) => boolean;
}

/** Empties the queues. */
export interface Sender {
  /** This page added an item. */
  added(): void;
  /** The page was opened, is seen again or online again: the next try is now and the first of a series. */
  launch(): void;
  /** The page may be gone any moment: sends what it added and nobody is sending yet. */
  hide(): void;
}

/** A sender for the channels' queues; of all tabs one sends at a time. */
export function createSender({ channels, exclusive, storage, waitKey, beacon }: SenderOptions): Sender {
  /** UTF-8 bytes of what this page is sending now, by key. */
  const sending = new Map<string, number>();
  /** Keys of what was given to the browser without learning what came of it. */
  const handedOver = new Set<string>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  /** Runs while other pages' items are left to them. */
  let othersTimer: ReturnType<typeof setTimeout> | undefined;
  let isRunning = false;
  /** Whether something was added while a request was made. */
  let isWanted = false;
  let failures = 0;
  /** By the page's own clock, which nobody sets. */
  let notBeforeMs = 0;
  /** Most items a request; halved when a request is refused as a whole, to find the item that it is about. */
  let mostItems = Number.POSITIVE_INFINITY;

  /** How long the server asked to be left alone, in milliseconds from now. */
  function serverWaitMs(): number {
    const leftMs = Number(storage.get(waitKey) ?? 0) - Date.now();
    // Longer than any server can ask for: the clock went back since. No number at all: somebody else wrote it.
    return leftMs <= LONGEST_RETRY_AFTER_MS * 2 ? leftMs : 0;
  }

  function waitFor(ms: number): void {
    notBeforeMs = performance.now() + ms;
  }

  /** Sees to it that the queues are sent, as soon as that may be. */
  function schedule(): void {
    if (isRunning) isWanted = true;
    if (isRunning || timer !== undefined) return;
    timer = setTimeout(run, Math.max(0, notBeforeMs - performance.now(), serverWaitMs()));
  }

  async function run(): Promise<void> {
    timer = undefined;
    isRunning = true;
    isWanted = false;
    let again = false;
    try {
      const waitMs = await exclusive(async () => {
        // Another tab may have been asked to wait while this one waited for its turn.
        again = serverWaitMs() > 0 || (await sendOne());
      });
      if (waitMs > 0) {
        again = true;
        waitFor(waitMs);
      }
    } finally {
      isRunning = false;
    }
    if (again || isWanted) schedule();
  }

  /** Sends one request, of this page's own items if there are any; whether another one is to follow. */
  async function sendOne(): Promise<boolean> {
    const isOwn = (item: Item) => item.isOwn;
    // A key without a time is not of this SDK's making and nobody else's concern.
    const isLeft = ({ addedMs }: Item) => !(Math.abs(Date.now() - addedMs) < LEAVE_TO_OTHERS_MS);
    for (const isMine of [isOwn, isLeft]) {
      for (const channel of channels) {
        const items = batch(channel, MAX_BODY_BYTES, isMine);
        if (items.length > 0) return send(channel, items);
      }
    }
    if (
      othersTimer === undefined &&
      channels.some((channel) => batch(channel, MAX_BODY_BYTES, () => true).length > 0)
    ) {
      othersTimer = setTimeout(() => {
        othersTimer = undefined;
        schedule();
      }, LEAVE_TO_OTHERS_MS);
    }
    return false;
  }

  /** The oldest items that nobody here is sending and that fit a request. */
  function batch({ queue, maxItems }: Channel, maxBytes: number, wanted: (item: Item) => boolean): Item[] {
    const items: Item[] = [];
    let bytes = 0;
    for (const item of queue.items()) {
      if (sending.has(item.key) || !wanted(item)) continue;
      const itemBytes = utf8Bytes(item.text) + 1;
      if (itemBytes > MAX_BODY_BYTES) {
        warn("something larger than a request may be was found in the queue and dropped");
        queue.remove(item.key);
        continue;
      }
      bytes += itemBytes;
      if (items.length >= Math.min(maxItems, mostItems) || bytes > maxBytes) break;
      items.push(item);
    }
    return items;
  }

  async function send(channel: Channel, items: readonly Item[]): Promise<boolean> {
    for (const { key, text } of items) sending.set(key, utf8Bytes(text));
    try {
      return settle(channel, items, await post(channel.url, channel.body(items)));
    } finally {
      for (const { key } of items) sending.delete(key);
    }
  }

  /** Draws the consequences of a request; whether another one is to follow. */
  function settle(channel: Channel, items: readonly Item[], outcome: Outcome): boolean {
    if (outcome.kind === "failed") return retryLater(outcome);
    if (outcome.kind === "refused") {
      waitFor(PACE_MS);
      if (outcome.status === 400 && items.length > 1) {
        mostItems = Math.ceil(items.length / 2);
        return true;
      }
      warn(`${items.length} not accepted and dropped: ${outcome.status} ${outcome.reason}`);
      forget(channel, items);
      return true;
    }
    const done = channel.done(items, outcome.answer);
    forget(channel, done);
    if (done.length < items.length) return retryLater({ reason: "not all were stored", retryAfterMs: 0 });
    failures = 0;
    mostItems *= 2;
    waitFor(PACE_MS);
    return true;
  }

  function forget({ queue }: Channel, items: readonly Item[]): void {
    for (const { key } of items) {
      queue.remove(key);
      handedOver.delete(key);
    }
  }

  /** Whether to try again by itself; otherwise what comes next waits for a launch, or for an event a while later. */
  function retryLater({ reason, retryAfterMs }: { reason: string; retryAfterMs?: number }): boolean {
    failures++;
    const waitMs = retryWaitMs(failures, retryAfterMs ?? 0);
    if (retryAfterMs === undefined) waitFor(waitMs);
    else storage.set(waitKey, String(Math.ceil(Date.now() + waitMs)));
    if (failures <= (retryAfterMs === undefined ? NETWORK_RETRIES : SERVER_RETRIES)) return true;
    warn(`sending failed ${failures} times, events wait: ${reason}`);
    waitFor(LONGEST_WAIT_MS);
    failures = 0;
    return false;
  }

  /** Gives the browser a request that outlives the page; whether there may be another one to give. */
  function handOver(channel: Channel): boolean {
    // Keepalive requests of a page share what one of them may have.
    const room = MAX_BODY_BYTES - [...sending.values()].reduce((sum, bytes) => sum + bytes, 0);
    const items = batch(channel, room, ({ key, isOwn }) => isOwn && !handedOver.has(key));
    if (items.length === 0) return false;
    if (beacon === undefined) {
      void send(channel, items).then((again) => again && schedule());
      return true;
    }
    if (!beacon(channel.url, channel.body(items))) return false;
    // They stay in the queue: that they were sent is not known to have arrived.
    for (const { key } of items) handedOver.add(key);
    return true;
  }

  return {
    added: schedule,
    launch() {
      failures = 0;
      notBeforeMs = 0;
      clearTimeout(timer);
      timer = undefined;
      schedule();
    },
    hide() {
      if (serverWaitMs() > 0) return;
      for (const channel of channels) {
        for (let made = 0; made < LAST_REQUESTS && handOver(channel); made++);
      }
    },
  };
}
