import { beforeEach, describe, expect, test } from "vitest";
import type { NewEvent, StoredEvent } from "../../../services/ingestion/event.ts";
import { app, type EventSketch, event, fingerprint, otherApp, start } from "./event-fixture.ts";
import { type OpenStore, storeEngines } from "./stores.ts";

describe.each(storeEngines)("expiry of events on $name", ({ open }) => {
  let store: OpenStore;
  beforeEach(async () => {
    store = await open();
    return () => store.close();
  });

  async function stored(...sketches: EventSketch[]): Promise<StoredEvent[]> {
    const batch = sketches.map(event);
    await store.events.insert(batch);
    return read(batch);
  }

  async function read(batch: readonly NewEvent[]): Promise<StoredEvent[]> {
    const found = await Promise.all(batch.map((each) => store.events.get(each.app, each.fingerprint)));
    return found.filter((each) => each !== undefined);
  }

  test("events before a time are listed in order, page by page, in their own app", async () => {
    await stored({ id: 3, effectiveMs: start + 1 }, { id: 1, effectiveMs: start + 1 }, { id: 2, effectiveMs: start });
    await stored({ id: 4, effectiveMs: start + 2 }, { id: 5, effectiveMs: start, app: otherApp });
    const before = { app, beforeMs: start + 2 };
    const first = await store.events.listBefore({ ...before, limit: 2 });
    const rest = await store.events.listBefore({ ...before, limit: 2, after: first.at(-1) });
    expect([...first, ...rest].map((each) => each.fingerprint)).toEqual([2, 3, 1].map(fingerprint));
  });

  test("events expire unless effects are outstanding or they were attributed anew, and may be stored anew", async () => {
    const events = await stored({ id: 1 }, { id: 2, user: "ann" }, { id: 3 }, { id: 4, app: otherApp });
    const settled = events.filter((each) => each.fingerprint !== fingerprint(3));
    await store.events.complete(
      settled.map((each) => ({
        fingerprint: each.fingerprint,
        expectedAttributionVersion: 0,
        attributionVersion: 1,
      })),
    );
    const [one, two] = await read(settled);
    const others = events.slice(2);
    expect(await store.events.expire(app, [{ ...one!, attributionVersion: 0 }, two!, ...others])).toBe(1);
    expect((await read(events)).map((each) => each.fingerprint)).toEqual([1, 3, 4].map(fingerprint));
    expect(await store.events.expire(app, [two!])).toBe(0);
    expect(await store.events.expire(app, [])).toBe(0);
    expect(await store.events.insert([events[1]!])).toEqual(["stored"]);
  });
});
