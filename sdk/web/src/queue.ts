import type { Storage } from "./storage.ts";
import { warn } from "./warn.ts";

/** Most items that wait; beyond, the oldest go. */
const MAX_ITEMS = 1_000;
/** Digits of a time in base 36, which in a fixed width sort like the time: enough for 3,000 years of milliseconds. */
const TIME_DIGITS = 9;

/** One thing to send. */
export interface Item {
  /** Its key in the storage; keys sort by age. */
  readonly key: string;
  readonly text: string;
  /** When it was added, milliseconds since 1970 on this browser's clock. */
  readonly addedMs: number;
}

/** What waits to be sent, of all tabs of this browser. */
export interface Queue {
  /** Adds an item and answers its key. */
  add(id: string, text: string): string;
  /** All items, oldest first. */
  items(): Item[];
  remove(key: string): void;
}

/**
 * A queue with one key an item: tabs add and remove at once without reading, changing and writing a shared list, in
 * which one would undo what the other did.
 */
export function createQueue(storage: Storage, prefix: string): Queue {
  let added = 0;
  const sortedKeys = () => storage.keys(prefix).sort();

  return {
    add(id, text) {
      const keys = sortedKeys();
      if (keys.length >= MAX_ITEMS) {
        warn(`more than ${MAX_ITEMS} events wait to be sent; the oldest are dropped`);
        for (const key of keys.slice(0, keys.length - MAX_ITEMS + 1)) storage.remove(key);
      }
      const key = `${prefix}${digits(Date.now(), TIME_DIGITS)}${digits(added++, 4)}.${id}`;
      storage.set(key, text);
      return key;
    },
    items: () =>
      sortedKeys().flatMap((key) => {
        // Another tab may have sent it since the keys were read.
        const text = storage.get(key);
        const addedMs = Number.parseInt(key.slice(prefix.length, prefix.length + TIME_DIGITS), 36);
        return text === undefined ? [] : [{ key, text, addedMs }];
      }),
    remove: (key) => storage.remove(key),
  };
}

function digits(value: number, width: number): string {
  return value.toString(36).padStart(width, "0").slice(-width);
}
