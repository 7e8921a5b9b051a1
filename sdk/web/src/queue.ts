import type { Storage } from "./storage.ts";
import { randomUuid } from "./uuid.ts";
import { warn } from "./warn.ts";

/** Most characters that wait, keys included; beyond, the oldest go. All of a site has 5 M of them in localStorage. */
const MAX_CHARACTERS = 500_000;
/** How much of that is made free at once, and may be added by a page before it counts again what all pages added. */
const ROOM_CHARACTERS = 50_000;
/** Digits of a time in base 36, which in a fixed width sort like the time: enough for 3,000 years of milliseconds. */
const TIME_DIGITS = 9;

/** One thing to send. */
export interface Item {
  /** Its key in the storage; keys sort by age. */
  readonly key: string;
  readonly text: string;
  /** Whether this page added it. */
  readonly isOwn: boolean;
  /** When it was added, milliseconds since 1970 on this browser's clock; NaN where the key does not tell. */
  readonly addedMs: number;
}

/** What waits to be sent, of all tabs of this browser. */
export interface Queue {
  add(text: string): void;
  /** All items, oldest first. */
  items(): Iterable<Item>;
  remove(key: string): void;
}

/**
 * A queue with one key an item: tabs add and remove at once without reading, changing and writing a shared list, in
 * which one would undo what the other did.
 */
export function createQueue(storage: Storage, prefix: string): Queue {
  const page = randomUuid();
  let added = 0;
  let room = 0;
  const sortedKeys = () => storage.keys(prefix).sort();

  /** Drops the oldest where there are too many. */
  function makeRoom(): void {
    const newestFirst = sortedKeys().reverse();
    let characters = 0;
    const dropped = newestFirst.filter((key) => {
      characters += key.length + (storage.get(key)?.length ?? 0);
      return characters > MAX_CHARACTERS - ROOM_CHARACTERS;
    });
    for (const key of dropped) storage.remove(key);
    if (dropped.length > 0) warn(`the oldest ${dropped.length} of what waits to be sent are dropped: too much waits`);
    room = ROOM_CHARACTERS;
  }

  return {
    add(text) {
      const key = `${prefix}${digits(Date.now(), TIME_DIGITS)}${digits(added++, 4)}.${page}`;
      room -= key.length + text.length;
      if (room < 0) makeRoom();
      storage.set(key, text);
    },
    *items() {
      for (const key of sortedKeys()) {
        // Another tab may have sent it since the keys were read.
        const text = storage.get(key);
        if (text === undefined) continue;
        const addedMs = Number.parseInt(key.slice(prefix.length, prefix.length + TIME_DIGITS), 36);
        yield { key, text, isOwn: key.endsWith(page), addedMs };
      }
    },
    remove: (key) => storage.remove(key),
  };
}

function digits(value: number, width: number): string {
  return value.toString(36).padStart(width, "0").slice(-width);
}
