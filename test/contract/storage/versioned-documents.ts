import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { conflict, type VersionedDocuments } from "../../../services/storage/versioned-documents.ts";
import type { Counter, Engine, OpenEngine } from "./counters.ts";

/** What every adapter of versioned documents does. Each test has keys of its own. */
export function versionedDocumentsContract(engine: Engine): void {
  describe(`versioned documents on ${engine.name}`, () => {
    let opened: OpenEngine;
    let documents: VersionedDocuments<Counter>;

    beforeAll(async () => {
      opened = await engine.open();
      documents = await opened.counters();
    });
    afterAll(() => opened.close());

    const saveOne = async (key: string, expectedVersion: number, value: Counter) => {
      const [outcome] = await documents.save([{ key, expectedVersion, value }]);
      return outcome!;
    };
    async function saved(key: string, value: Counter): Promise<number> {
      const outcome = await saveOne(key, 0, value);
      if (outcome === conflict) throw new Error(`${key} exists`);
      return outcome;
    }

    test("a new document is loaded as it was saved, under its version", async () => {
      const version = await saved("new/1", { count: 1, label: "a" });
      expect(version).toBeGreaterThan(0);
      const found = await documents.load(["new/1", "new/none"]);
      expect(found).toEqual(new Map([["new/1", { version, value: { count: 1, label: "a" } }]]));
    });

    test("loading, saving and removing nothing does nothing", async () => {
      expect(await documents.load([])).toEqual(new Map());
      expect(await documents.save([])).toEqual([]);
      expect(await documents.remove([])).toBeUndefined();
    });

    test("a document that exists is not made again", async () => {
      await saved("again", { count: 1 });
      expect(await saveOne("again", 0, { count: 2 })).toBe(conflict);
      expect((await documents.load(["again"])).get("again")?.value).toEqual({ count: 1 });
    });

    test("a save replaces the whole document where the version is the expected one, and nothing where it is not", async () => {
      const first = await saved("replace", { count: 1, label: "x", nested: { a: 1 } });
      const second = await saveOne("replace", first, { count: 2 });
      expect(second).toBeGreaterThan(first);
      expect(await saveOne("replace", first, { count: 3 })).toBe(conflict);
      expect((await documents.load(["replace"])).get("replace")).toEqual({ version: second, value: { count: 2 } });
    });

    test("a document that is gone, or never was, is not brought back by a save that expects a version", async () => {
      const version = await saved("gone", { count: 1 });
      await documents.remove([{ key: "gone", version }]);
      expect(await saveOne("gone", version, { count: 2 })).toBe(conflict);
      expect(await saveOne("never", 7, { count: 2 })).toBe(conflict);
      expect(await documents.load(["gone", "never"])).toEqual(new Map());
    });

    test("the writes of one call succeed and fail each on its own, answered in order", async () => {
      const [a, b, c] = [
        await saved("mix/a", { count: 1 }),
        await saved("mix/b", { count: 1 }),
        await saved("mix/c", { count: 1 }),
      ];
      const outcomes = await documents.save([
        { key: "mix/a", expectedVersion: a, value: { count: 2 } },
        { key: "mix/b", expectedVersion: b - 1, value: { count: 9 } },
        { key: "mix/none", expectedVersion: a, value: { count: 9 } },
        { key: "mix/d", expectedVersion: 0, value: { count: 2 } },
        { key: "mix/b2", expectedVersion: 0, value: { count: 2 } },
        { key: "mix/c", expectedVersion: 0, value: { count: 9 } },
        { key: "mix/e", expectedVersion: 0, value: { count: 2 } },
      ]);
      expect(outcomes.map((outcome) => outcome !== conflict)).toEqual([true, false, false, true, true, false, true]);
      const found = await documents.page({ keyPrefix: "mix/", limit: 10 });
      expect(found.map(({ key, value }) => [key, value.count])).toEqual([
        ["mix/a", 2],
        ["mix/b", 1],
        ["mix/b2", 2],
        ["mix/c", 1],
        ["mix/d", 2],
        ["mix/e", 2],
      ]);
      expect(found.map(({ version }) => version)).toEqual([outcomes[0], b, outcomes[4], c, outcomes[3], outcomes[6]]);
    });

    test("a removal of another version removes nothing, and a document that is made again has a higher version", async () => {
      const version = await saved("remove", { count: 1 });
      await documents.remove([{ key: "remove", version: version + 1 }]);
      expect((await documents.load(["remove"])).size).toBe(1);
      await documents.remove([
        { key: "remove", version },
        { key: "remove/none", version },
      ]);
      expect((await documents.load(["remove"])).size).toBe(0);
      expect(await saved("remove", { count: 1 })).toBeGreaterThan(version);
    });

    test("any Unicode text and any finite number comes back as it was, and undefined is left out", async () => {
      const text = fc.string({ unit: "binary" }).filter((value) => value.isWellFormed());
      const number = fc
        .oneof(fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true }))
        .map((value) => value + 0);
      const value = fc.record({ count: fc.nat(), label: fc.option(text), nested: fc.array(fc.oneof(text, number)) });
      await fc.assert(
        fc.asyncProperty(value, fc.nat(), async (counter, id) => {
          const key = `text/${id}`;
          const expectedVersion = (await documents.load([key])).get(key)?.version ?? 0;
          expect(
            await saveOne(key, expectedVersion, { ...counter, nested: { list: counter.nested, none: undefined } }),
          ).not.toBe(conflict);
          expect((await documents.load([key])).get(key)?.value).toEqual({
            ...counter,
            nested: { list: counter.nested },
          });
        }),
        { numRuns: 25 * engine.scale },
      );
    });

    test("a page has the keys with the prefix, in order, after the given one, up to the limit", async () => {
      const suffixes = ["", "!", "%", "*", ".", "0", "A", "[", "_", "a", "a/b", "é", "\u{fffd}", "\u{1f600}"];
      const prefixes = ["page/%", "page/_", "page/a$.*", "page/\u{10ffff}", "page/é"];
      const keys = prefixes.flatMap((prefix) => suffixes.map((suffix) => prefix + suffix));
      await documents.save(keys.map((key) => ({ key, expectedVersion: 0, value: { count: 0 } })));
      for (const prefix of prefixes) {
        const all = await documents.page({ keyPrefix: prefix, limit: 100 });
        expect(new Set(all.map(({ key }) => key))).toEqual(new Set(suffixes.map((suffix) => prefix + suffix)));
        const withoutAstral = all.map(({ key }) => key).filter((key) => !key.endsWith("\u{1f600}"));
        expect(withoutAstral).toEqual(suffixes.slice(0, -1).map((suffix) => prefix + suffix));
        const rest = await documents.page({ keyPrefix: prefix, afterKey: all[2]!.key, limit: 3 });
        expect(rest).toEqual(all.slice(3, 6));
      }
      expect(await documents.page({ keyPrefix: "page/%", afterKey: "a", limit: 1 })).toMatchObject([{ key: "page/%" }]);
      expect(await documents.page({ keyPrefix: "page/%", afterKey: "q", limit: 1 })).toEqual([]);
      expect((await documents.page({ keyPrefix: "", limit: 1_000 })).every(({ key }) => typeof key === "string")).toBe(
        true,
      );
    });

    test("a page by a field has the documents whose field has the value or lies below or above it, and none without the field", async () => {
      const values: Counter[] = [
        { count: 3, label: "x" },
        { count: 1, label: "y" },
        { count: 0, label: "x" },
        { count: 2, label: "3" },
        { count: 5 },
      ];
      await documents.save(values.map((value, index) => ({ key: `field/${index}`, expectedVersion: 0, value })));
      await saved("other/1", { count: 1, label: "x" });
      const counts = async (where: Parameters<typeof documents.page>[0]["where"], afterKey?: string) => {
        const query = {
          keyPrefix: "field/",
          limit: 10,
          ...(where && { where }),
          ...(afterKey !== undefined && { afterKey }),
        };
        return (await documents.page(query)).map(({ value }) => value.count);
      };
      expect(await counts({ field: "label", equals: "x" })).toEqual([3, 0]);
      expect(await counts({ field: "label", equals: "x" }, "field/0")).toEqual([0]);
      expect(await counts({ field: "label", equals: "3" })).toEqual([2]);
      expect(await counts({ field: "due", equals: 3 })).toEqual([3]);
      expect(await counts({ field: "due", below: 3 })).toEqual([1, 2]);
      expect(await counts({ field: "due", below: 1 })).toEqual([]);
      expect(await counts({ field: "label", below: 9 })).toEqual([]);
      expect(await counts({ field: "due", above: 2 })).toEqual([3, 5]);
    });

    test("a document is found by what its fields are now, not by what they were", async () => {
      const version = await saved("moved", { count: 7, label: "before" });
      await saveOne("moved", version, { count: 0, label: "after" });
      const find = (label: string) =>
        documents.page({ keyPrefix: "moved", where: { field: "label", equals: label }, limit: 1 });
      expect(await find("before")).toEqual([]);
      expect(await find("after")).toHaveLength(1);
      expect(await documents.page({ keyPrefix: "moved", where: { field: "due", below: 100 }, limit: 1 })).toEqual([]);
    });

    test("what a document is filed as is what it should be, however its fields changed", async () => {
      const filed = async () => (await documents.filed(["filed", "filed/none"])).get("filed")!;
      const version = await saved("filed", { count: 7, label: "before" });
      const before = await filed();
      expect(JSON.parse(before.filedAs)).toEqual({ due: 7, label: "before" });
      expect(before.shouldBeFiledAs).toBe(before.filedAs);
      await saveOne("filed", version, { count: 0, label: "after" });
      const after = await filed();
      expect(JSON.parse(after.filedAs)).toEqual({ label: "after" });
      expect(after.shouldBeFiledAs).toBe(after.filedAs);
      expect([...(await documents.filed(["filed/none"])).keys()]).toEqual([]);
    });

    test("of many that make the same document at once, one succeeds", async () => {
      const others = await opened.counters();
      const attempts = Array.from({ length: 4 * engine.scale }, (_, index) =>
        (index % 2 === 0 ? documents : others).save([{ key: "race", expectedVersion: 0, value: { count: index } }]),
      );
      const outcomes = (await Promise.all(attempts)).flat();
      const winner = outcomes.findIndex((outcome) => outcome !== conflict);
      expect(outcomes.filter((outcome) => outcome !== conflict)).toHaveLength(1);
      expect((await documents.load(["race"])).get("race")?.value.count).toBe(winner);
    });

    // An engine without atomic updates cannot hold what the port promises; engines.ts says so where one is tested.
    if (!engine.atomicUpdates) return;

    test("increments of a few documents by many at once, several to a call, are neither lost nor counted twice", async () => {
      const keys = ["sum/a", "sum/b", "sum/c"];
      const views = [documents, await opened.counters(), await opened.counters()];
      const rounds = 3 * engine.scale;

      async function increment(view: VersionedDocuments<Counter>, wanted: Map<string, number>): Promise<void> {
        while (wanted.size > 0) {
          const found = await view.load([...wanted.keys()]);
          const writes = Array.from(wanted.keys(), (key) => {
            const { version: expectedVersion = 0, value = { count: 0 } } = found.get(key) ?? {};
            return { key, expectedVersion, value: { count: value.count + 1 } };
          });
          const outcomes = await view.save(writes);
          for (const [index, outcome] of outcomes.entries()) {
            const { key } = writes[index]!;
            if (outcome === conflict) continue;
            if (wanted.get(key) === 1) wanted.delete(key);
            else wanted.set(key, wanted.get(key)! - 1);
          }
        }
      }
      await Promise.all(views.map((view) => increment(view, new Map(keys.map((key) => [key, rounds])))));
      const sums = Array.from((await documents.load(keys)).values(), ({ value }) => value.count);
      expect(sums).toEqual(keys.map(() => rounds * views.length));
    });
  });
}
