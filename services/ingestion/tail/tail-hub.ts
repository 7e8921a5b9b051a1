import { Code, ConnectError } from "@connectrpc/connect";
import type { AppKey } from "../../runtime/app-key.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { Arrival } from "./arrival.ts";

/** Readers of one app, and of all, on one process: what waits for them takes at most 64 MB. */
const MAX_APP_READERS = 16;
const MAX_READERS = 64;
/** What may wait for one reader: arrivals, and UTF-16 units of them. */
const MAX_WAITING = 1_000;
const MAX_WAITING_SIZE = 500_000;

/**
 * Arrivals a second that all readers together get once their allowance of a buffer each is used up: what is read costs
 * about a tenth of a millisecond each, in the process that also takes the events.
 */
const READ_PER_SECOND = 1_000;

/** What a reader is to be told next. */
export interface TailItem {
  /** Absent where only something was dropped. */
  readonly arrival: Arrival | undefined;
  /** Arrivals before this one that were left out. */
  readonly dropped: number;
}

/** One reader of an app's arrivals. */
export interface TailReader {
  /** What waits, oldest first; undefined where nothing does. */
  take(): TailItem | undefined;
  /** Resolves when something waits, or the reader is closed. */
  readable(): Promise<void>;
  readonly isClosed: boolean;
  /** Ends the reading; what waits is forgotten. */
  close(): void;
}

/** Where what arrives at this process meets those who tail it. */
export interface TailHub {
  /** Whether anybody reads anything; nothing else of this costs a request when nobody does. */
  readonly hasReaders: boolean;
  /** Whether anybody reads this app's arrivals. */
  isTailed(app: AppKey): boolean;
  /** Hands an arrival to the readers of its app who asked for it; never waits, drops what is too much. */
  publish(arrival: Arrival): void;
  /** Tells all readers of an app that `count` arrivals never came here. */
  publishDropped(app: AppKey, count: number): void;
  /** @throws ConnectError RESOURCE_EXHAUSTED where there are too many readers already */
  open(app: AppKey, matches: (arrival: Arrival) => boolean): TailReader;
  /** Ends all reading, now and in future: the process stops. */
  close(): void;
}

interface Reader extends TailReader {
  /** `perSecond`: how many arrivals a second the reader may get now. */
  offer(arrival: Arrival, perSecond: number): void;
  drop(count: number): void;
}

/** A hub without readers. */
export function createTailHub(clock: Clock): TailHub {
  const readers = new Map<AppKey, Set<Reader>>();
  let count = 0;
  let isClosed = false;

  function remove(app: AppKey, reader: Reader): void {
    const ofApp = readers.get(app);
    if (ofApp?.delete(reader) !== true) return;
    count -= 1;
    if (ofApp.size === 0) readers.delete(app);
  }

  return {
    get hasReaders() {
      return count > 0;
    },
    isTailed: (app) => readers.has(app),
    publish(arrival) {
      for (const reader of readers.get(arrival.app) ?? []) reader.offer(arrival, READ_PER_SECOND / count);
    },
    publishDropped(app, dropped) {
      for (const reader of readers.get(app) ?? []) reader.drop(dropped);
    },
    open(app, matches) {
      if (isClosed) throw new ConnectError("the process stops", Code.Unavailable);
      const ofApp = readers.get(app) ?? new Set();
      if (count >= MAX_READERS || ofApp.size >= MAX_APP_READERS) {
        throw new ConnectError("too many tail events already", Code.ResourceExhausted);
      }
      const reader = createReader({ matches, clock, onClose: () => remove(app, reader) });
      readers.set(app, ofApp.add(reader));
      count += 1;
      return reader;
    },
    close() {
      isClosed = true;
      for (const ofApp of [...readers.values()]) for (const reader of [...ofApp]) reader.close();
    },
  };
}

interface ReaderOptions {
  readonly matches: (arrival: Arrival) => boolean;
  readonly clock: Clock;
  readonly onClose: () => void;
}

function createReader({ matches, clock, onClose }: ReaderOptions): Reader {
  const isAllowed = createAllowance(clock);
  const waiting: TailItem[] = [];
  let size = 0;
  let dropped = 0;
  let isClosed = false;
  let wake: (() => void) | undefined;

  function notify(): void {
    wake?.();
    wake = undefined;
  }

  return {
    get isClosed() {
      return isClosed;
    },
    offer(arrival, perSecond) {
      if (!matches(arrival)) return;
      const fits = waiting.length < MAX_WAITING && size + arrival.size <= MAX_WAITING_SIZE;
      if (!fits || !isAllowed(perSecond)) {
        dropped += 1;
        return;
      }
      waiting.push({ arrival, dropped });
      size += arrival.size;
      dropped = 0;
      notify();
    },
    drop(count) {
      dropped += count;
      notify();
    },
    take() {
      const next = waiting.shift();
      if (next !== undefined) {
        size -= next.arrival?.size ?? 0;
        return next;
      }
      if (dropped === 0) return undefined;
      const item = { arrival: undefined, dropped };
      dropped = 0;
      return item;
    },
    readable() {
      if (waiting.length > 0 || dropped > 0 || isClosed) return Promise.resolve();
      return new Promise((resolve) => {
        wake = resolve;
      });
    },
    close() {
      isClosed = true;
      waiting.length = 0;
      dropped = 0;
      onClose();
      notify();
    },
  };
}

/** Lets `MAX_WAITING` pass at once, and `perSecond` a second from then on. */
function createAllowance(clock: Clock): (perSecond: number) => boolean {
  let left = MAX_WAITING;
  let countedMs = clock.now();
  return (perSecond) => {
    const nowMs = clock.now();
    left = Math.min(MAX_WAITING, left + (Math.max(0, nowMs - countedMs) * perSecond) / 1_000);
    countedMs = nowMs;
    if (left < 1) return false;
    left -= 1;
    return true;
  };
}
