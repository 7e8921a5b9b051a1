import { beforeEach, describe, expect, test } from "vitest";
import type { NewEvent, StoredEvent } from "../../../services/ingestion/event.ts";
import { app, deviceKey, type EventSketch, event, fingerprint, otherApp, start } from "./event-fixture.ts";
import type { OpenStore, StoreEngine } from "./stores.ts";

/** What every adapter of the event store has to do; the rest is compared with a model in event-store-properties.ts. */
export function eventStoreContract({ name, open }: StoreEngine): void {
  describe(`event store on ${name}`, () => {
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

    test("an event comes back as it was stored, pending, whatever its parameters are called", async () => {
      const sent = event({
        id: 1,
        user: "ann",
        effectiveMs: Date.UTC(1, 0, 1) - 62_167_219_200_000,
        eventTime: "2026-01-01T00:00:00.123456789Z",
        skewedFuture: true,
        paramsJson: JSON.stringify({ $price: 1, "a.b": { $set: [null, "\u0000", "😀"] }, "": 1e300 }),
        contextJson: '{"os":"17"}',
        ip: "2001:db8::1",
        userAgent: "curl",
      });
      expect(await store.events.insert([sent])).toEqual(["stored"]);
      expect(await store.other.get(app, sent.fingerprint)).toEqual({
        ...sent,
        attributedBy: "",
        attributionVersion: 0,
        pending: true,
        priors: [],
      });
    });

    test("an event is found in its own app alone", async () => {
      const [sent, own] = await stored({ id: 1, app: otherApp }, { id: 2 });
      expect(await store.events.get(app, sent!.fingerprint)).toBeUndefined();
      const found = await store.other.getAll(app, [sent!.fingerprint, event({ id: 3 }).fingerprint, own!.fingerprint]);
      expect(found).toEqual(new Map([[own!.fingerprint, own]]));
      expect(await store.events.list({ app, filter: {}, limit: 10 })).toEqual([own]);
    });

    test("the first of equal fingerprints counts, within a call and across calls", async () => {
      const first = event({ id: 1, user: "ann" });
      const second = event({ id: 1, user: "bob" });
      expect(await store.events.insert([first, event({ id: 2 }), second])).toEqual(["stored", "stored", "duplicate"]);
      expect(await store.events.insert([event({ id: 3 }), second])).toEqual(["stored", "duplicate"]);
      expect((await store.events.get(app, first.fingerprint))?.sentAppUserId).toBe("ann");
    });

    test("nothing is asked of the store for an empty batch", async () => {
      expect(await store.events.insert([])).toEqual([]);
      expect(await store.events.complete([])).toEqual([]);
      expect(await store.events.attribute([], start)).toEqual([]);
      await store.events.observeDefinitions([]);
      expect(await store.events.floating(app, [], { fromMs: start, toMs: start, limit: 10 })).toEqual([]);
      expect(await store.events.pendingOfDevices(app, [], 10)).toEqual([]);
    });

    test("the longest pending events come first, up to the limit and the time", async () => {
      await stored(
        { id: 1, receivedMs: start + 3 },
        { id: 2, receivedMs: start + 1, app: otherApp },
        { id: 3, receivedMs: start + 2 },
      );
      const pending = (beforeMs: number, limit: number) =>
        store.events.listPending({ beforeMs, limit }).then((found) => found.map((each) => each.fingerprint));
      expect(await pending(start + 4, 2)).toEqual([fingerprint(2), fingerprint(3)]);
      expect(await pending(start + 2, 9)).toEqual([fingerprint(2)]);
      const after = await store.events.listPending({ afterMs: start + 1, limit: 9 });
      expect(after.map((each) => each.fingerprint)).toEqual([fingerprint(3), fingerprint(1)]);
      expect(await store.events.oldestPendingMs()).toBe(start + 1);
    });

    test("completing takes the mark and the priors away, and says which events moved on meanwhile", async () => {
      const [one, two, three] = await stored({ id: 1 }, { id: 2 }, { id: 3, user: "ann" });
      const change = { event: two!, appUserId: "ann", attributedBy: three!.fingerprint, attributionVersion: 7 };
      expect(await store.events.attribute([change], start)).toEqual([]);
      const completions = [one!, two!, three!].map((each) => ({
        fingerprint: each.fingerprint,
        expectedAttributionVersion: 0,
        attributionVersion: each === one ? 5 : 0,
      }));
      const unknown = { fingerprint: fingerprint("none"), expectedAttributionVersion: 0, attributionVersion: 0 };
      const left = await store.events.complete([...completions, unknown]);
      expect(left.sort()).toEqual([two!.fingerprint, unknown.fingerprint].sort());
      const [oneNow, twoNow, threeNow] = await read([one!, two!, three!]);
      expect(oneNow).toMatchObject({ pending: false, attributionVersion: 5 });
      expect(twoNow).toMatchObject({ pending: true, attributionVersion: 7, appUserId: "ann" });
      expect(threeNow).toMatchObject({ pending: false, attributionVersion: 0 });

      const again = { fingerprint: two!.fingerprint, expectedAttributionVersion: 7, attributionVersion: 7 };
      expect(await store.events.complete([again])).toEqual([]);
      expect((await read([two!]))[0]).toMatchObject({ pending: false, priors: [] });
    });

    test("a completion whose answer was lost can be repeated", async () => {
      const [one] = await stored({ id: 1 });
      const completion = { fingerprint: one!.fingerprint, expectedAttributionVersion: 0, attributionVersion: 9 };
      expect(await store.events.complete([completion])).toEqual([]);
      expect(await store.events.complete([completion])).toEqual([]);
    });

    test("an event remembers everybody whom it was taken from, once each, until it is completed", async () => {
      let [current] = await stored({ id: 1, role: "hash", appUserId: "" });
      for (const [index, appUserId] of ["ann", "bob", "ann", "ann", "cid"].entries()) {
        const change = { event: current!, appUserId, attributedBy: "", attributionVersion: index + 1 };
        expect(await store.events.attribute([change], start)).toEqual([]);
        [current] = await read([current!]);
      }
      expect(current!.appUserId).toBe("cid");
      expect(current!.priors.map(({ appUserId }) => appUserId).sort()).toEqual(["ann", "bob"]);
    });

    test("an attribution by who read an older version is not written", async () => {
      const [first] = await stored({ id: 1 });
      const decided = { event: first!, appUserId: "ann", attributedBy: "", attributionVersion: 2 };
      expect(await store.events.attribute([decided], start)).toEqual([]);
      const older = { ...decided, appUserId: "bob", attributionVersion: 1 };
      expect(await store.events.attribute([older], start)).toEqual([first!.fingerprint]);
      expect((await read([first!]))[0]).toMatchObject({ appUserId: "ann", attributionVersion: 2 });
    });

    test("an event attributed anew is pending since then, one that was pending since before", async () => {
      const [done, open] = await stored({ id: 1, receivedMs: start }, { id: 2, receivedMs: start + 5, device: "tv" });
      await store.events.complete([
        { fingerprint: done!.fingerprint, expectedAttributionVersion: 0, attributionVersion: 0 },
      ]);
      const to = { appUserId: "ann", attributedBy: "", attributionVersion: 1 };
      await store.events.attribute(
        [
          { ...to, event: done! },
          { ...to, event: open! },
        ],
        start + 60_000,
      );
      expect(await store.events.oldestPendingMs()).toBe(start + 5);
      const since = await store.events.listPending({ beforeMs: start + 60_001, limit: 9 });
      expect(since.map((each) => each.fingerprint)).toEqual([open!.fingerprint, done!.fingerprint]);
      expect(await store.events.pendingOfDevices(app, [deviceKey("phone")], 9)).toHaveLength(1);
    });

    test("floating events of all tokens come in one order, page by page, late ones included", async () => {
      await stored(
        ...[4, 2, 2, 0, 1].map((minutes, id) => ({ id, device: `token${id % 2}`, effectiveMs: start + minutes })),
        { id: "late", late: true, effectiveMs: start + 3 },
        { id: "hash", role: "hash", device: "token0", appUserId: "", effectiveMs: start + 3 },
        { id: "login", user: "ann", device: "token0", effectiveMs: start + 2 },
      );
      const keys = ["token0", "token1", "phone"].map(deviceKey);
      const range = { fromMs: start + 1, toMs: start + 3 };
      const whole = await store.events.floating(app, keys, { ...range, limit: 10 });
      const expected = (await store.events.list({ app, filter: {}, limit: 10 }))
        .filter(({ sentAppUserId, effectiveMs }) => sentAppUserId === "" && effectiveMs >= start + 1)
        .filter(({ effectiveMs }) => effectiveMs <= start + 3)
        .reverse();
      expect(whole).toHaveLength(5);
      expect(whole).toEqual(expected);
      const pages: StoredEvent[] = [];
      for (let after = undefined as StoredEvent | undefined; ; ) {
        const page = await store.events.floating(app, keys, { ...range, limit: 2, ...(after && { after }) });
        pages.push(...page);
        after = page.at(-1);
        if (after === undefined) break;
      }
      expect(pages).toEqual(whole);
    });

    test("of several borders at one time the smallest fingerprint is meant", async () => {
      await stored({ id: 1, user: "ann" }, { id: 2, user: "bob" }, { id: 3, user: "cid", late: true });
      const smallest = [fingerprint(1), fingerprint(2)].sort()[0]!;
      const border = await store.events.borderAtOrAfter(app, [deviceKey("phone")], start);
      expect(border).toEqual({
        effectiveMs: start,
        fingerprint: smallest,
        appUserId: smallest === fingerprint(1) ? "ann" : "bob",
      });
      expect(await store.events.borderAtOrAfter(app, [deviceKey("phone")], start + 1)).toBeUndefined();
    });

    test("pages of a list neither repeat nor skip anything while events arrive", async () => {
      await stored(...Array.from({ length: 9 }, (_, id) => ({ id, user: "ann", effectiveMs: start + (id % 4) })));
      const whole = await store.events.list({ app, filter: { appUserId: "ann" }, limit: 100 });
      const pages: StoredEvent[] = [];
      for (let round = 0; pages.length < whole.length; round++) {
        const last = pages.at(-1);
        const page = await store.events.list({
          app,
          filter: { appUserId: "ann" },
          limit: 2,
          ...(last && { after: last }),
        });
        pages.push(...page);
        await stored({ id: `new${round}`, user: "ann", effectiveMs: start + 10 });
      }
      expect(pages).toEqual(whole);
    });

    test("late events make no profile", async () => {
      await stored({ id: 1, user: "ann", late: true });
      expect(await store.events.profileState(app, "ann")).toBeUndefined();
      await stored({ id: 2, user: "ann", role: "user", effectiveMs: start + 5 });
      expect(await store.events.profileState(app, "ann")).toEqual({
        firstSeenMs: start + 5,
        lastSeenMs: start + 5,
      });
    });

    test("a definition keeps the 256 smallest parameter names, in whatever order they arrive", async () => {
      const names = Array.from({ length: 600 }, (_, n) => `p${String((n * 7) % 600).padStart(3, "0")}`);
      const observed = (chunk: readonly string[]) => ({
        app,
        eventName: "bought",
        firstSeenMs: start,
        lastSeenMs: start,
        parameters: new Map(chunk.map((name) => [name, ["string", "number"]])),
      });
      for (let from = 0; from < names.length; from += 150) {
        await store.events.observeDefinitions([observed(names.slice(from, from + 150))]);
      }
      const all = { ...observed(names), firstSeenMs: start - 1 };
      for (let times = 0; times < 3; times++) await store.events.observeDefinitions([all]);
      const [definition] = await store.events.listDefinitions({ app, afterName: "", limit: 10 });
      expect(definition).toMatchObject({ eventName: "bought", firstSeenMs: start - 1, lastSeenMs: start });
      expect(definition?.parameters.map(({ name }) => name)).toEqual([...names].sort().slice(0, 256));
      expect(definition?.parameters[0]?.types).toEqual(["number", "string"]);
    });

    test("definitions count the events that are stored under their name", async () => {
      await stored({ id: 1 }, { id: 2 }, { id: 3, eventName: "bought" }, { id: 4, app: otherApp });
      const seen = { firstSeenMs: start, lastSeenMs: start, parameters: new Map<string, string[]>() };
      await store.events.observeDefinitions([
        { ...seen, app, eventName: "product_viewed" },
        { ...seen, app, eventName: "bought" },
        { ...seen, app, eventName: "zero" },
      ]);
      const found = await store.events.listDefinitions({ app, afterName: "", limit: 2 });
      expect(found.map(({ eventName, eventCount }) => [eventName, eventCount])).toEqual([
        ["bought", 1],
        ["product_viewed", 2],
      ]);
      const rest = await store.events.listDefinitions({ app, afterName: "product_viewed", limit: 2 });
      expect(rest.map(({ eventName, eventCount }) => [eventName, eventCount])).toEqual([["zero", 0]]);
    });

    test("the events that one took are counted, for as long as it has them", async () => {
      const [one, two, elsewhere] = await stored({ id: 1 }, { id: 2, late: true }, { id: 3, app: otherApp });
      const login = fingerprint("login");
      const count = () => store.events.countAttributedBy(app, [fingerprint("none"), login]);
      expect(await count()).toEqual([0, 0]);
      const taken = [one!, two!, elsewhere!].map((each) => ({ event: each, appUserId: "ann", attributedBy: login }));
      await store.events.attribute(
        taken.map((change) => ({ ...change, attributionVersion: 1 })),
        start,
      );
      expect(await count()).toEqual([0, 2]);
      const [now] = await read([one!]);
      const back = { event: now!, appUserId: "anon:phone", attributedBy: "", attributionVersion: 2 };
      expect(await store.events.attribute([back], start)).toEqual([]);
      expect(await count()).toEqual([0, 1]);
      const [given] = await read([one!]);
      expect(given?.attributedBy).toBe("");
      expect(given?.priors).toContainEqual({ appUserId: "ann", attributedBy: login });
    });

    test("events are removed while they are the user's and were received by then, and may be stored anew", async () => {
      const sketches = [
        { id: 1, user: "ann" },
        { id: 2, user: "ann", receivedMs: start + 5 },
        { id: 3, user: "bob" },
        { id: 4, user: "ann", app: otherApp },
      ];
      await stored(...sketches);
      const fingerprints = [1, 2, 3, 4, 5].map(fingerprint);
      const removal = { app, appUserId: "ann", receivedUpToMs: start + 4, fingerprints };
      expect(await store.events.remove(removal)).toBe(1);
      expect(await store.events.remove(removal)).toBe(0);
      expect(await store.events.remove({ ...removal, fingerprints: [] })).toBe(0);
      expect(await store.events.profileState(app, "ann")).toMatchObject({ firstSeenMs: start });
      expect(await store.events.insert(sketches.map(event))).toEqual(["stored", "duplicate", "duplicate", "duplicate"]);
    });

    test("the store is healthy while it answers", async () => {
      expect(await store.events.healthy()).toBe(true);
    });
  });
}
