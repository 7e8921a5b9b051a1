import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { app, event, start } from "./event-fixture.ts";
import type { OpenStore, StoreEngine } from "./stores.ts";

/** What holds while several work on one store at once. */
export function concurrentEventStoreContract({ name, open }: StoreEngine): void {
  describe(`concurrent writers of ${name}`, () => {
    let store: OpenStore;
    beforeAll(async () => {
      store = await open();
    });
    afterAll(() => store.close());

    test("each fingerprint of overlapping batches is stored by exactly one of them", async () => {
      const batches = Array.from({ length: 12 }, (_, n) =>
        Array.from({ length: 20 }, (_, i) => event({ id: `overlap ${n * 5 + i}`, user: `writer${n}` })),
      );
      const outcomes = await Promise.all(
        batches.map((batch, n) => (n % 2 === 0 ? store.events : store.other).insert(batch)),
      );
      const storedBy = batches.flatMap((batch, n) => batch.filter((_, i) => outcomes[n]![i] === "stored"));
      const distinct = new Set(batches.flat().map((each) => each.fingerprint));
      expect(storedBy).toHaveLength(distinct.size);
      for (const each of storedBy) {
        const found = await store.events.get(app, each.fingerprint);
        expect(found?.sentAppUserId).toBe(each.sentAppUserId);
      }
    });

    test("of those who attribute one version of an event, exactly one does, and no completion hides it", async () => {
      const sent = event({ id: "contended" });
      await store.events.insert([sent]);
      const current = (await store.events.get(app, sent.fingerprint))!;
      const [refusals] = await Promise.all([
        Promise.all(
          Array.from({ length: 8 }, (_, n) =>
            (n % 2 === 0 ? store.events : store.other).attribute(
              [{ event: current, appUserId: `user${n}`, attributedBy: "", attributionVersion: n + 1 }],
              start,
            ),
          ),
        ),
        store.other.complete([{ fingerprint: sent.fingerprint, expectedAttributionVersion: 0, attributionVersion: 0 }]),
      ]);
      const winner = refusals.findIndex((refused) => refused.length === 0);
      expect(refusals.filter((refused) => refused.length === 0)).toHaveLength(1);
      expect(await store.events.get(app, sent.fingerprint)).toMatchObject({
        appUserId: `user${winner}`,
        attributionVersion: winner + 1,
        pending: true,
        priors: [{ appUserId: "anon:phone", attributedBy: "" }],
      });
    });

    test("definitions observed at once are all kept", async () => {
      await Promise.all(
        Array.from({ length: 20 }, (_, n) =>
          (n % 2 === 0 ? store.events : store.other).observeDefinitions([
            {
              app,
              eventName: "contended",
              firstSeenMs: start - n,
              lastSeenMs: start + n,
              parameters: new Map([[`p${n}`, ["string"]]]),
            },
          ]),
        ),
      );
      const [definition] = await store.events.listDefinitions({ app, afterName: "", limit: 1 });
      expect(definition).toMatchObject({ firstSeenMs: start - 19, lastSeenMs: start + 19 });
      expect(definition?.parameters).toHaveLength(20);
    });
  });
}
