import { describe, expect, test } from "vitest";
import { inBatches } from "../../../services/ingestion/effects/in-batches.ts";
import { oneAtATime } from "../../../services/ingestion/effects/one-at-a-time.ts";

/** Work that is begun at once and ends when the test says so. */
function controlled<T = void>() {
  const begun: { readonly end: (value: T) => void; readonly fail: (reason: Error) => void }[] = [];
  const work = () => new Promise<T>((end, fail) => begun.push({ end, fail }));
  return { begun, work };
}

async function turns(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

describe("one turn at a time", () => {
  test("who asks while one is under way shares the next, which begins after it", async () => {
    const { begun, work } = controlled();
    const ask = oneAtATime();
    const first = ask("a", work);
    const [second, third] = [ask("a", work), ask("a", work)];
    expect(begun).toHaveLength(1);
    begun[0]!.end();
    await first;
    await turns();
    expect(begun).toHaveLength(2);
    begun[1]!.end();
    await Promise.all([second, third]);
    const last = ask("a", work);
    expect(begun).toHaveLength(3);
    begun[2]!.end();
    await last;
  });

  test("other keys do not wait, and a failure is told to those of its turn only", async () => {
    const { begun, work } = controlled();
    const ask = oneAtATime();
    const [first, next, other] = [ask("a", work), ask("a", work), ask("b", work)];
    expect(begun).toHaveLength(2);
    begun[0]!.fail(new Error("no"));
    await expect(first).rejects.toThrow("no");
    await turns();
    begun[1]!.end();
    begun[2]!.end();
    await Promise.all([next, other]);
  });
});

describe("one batch at a time", () => {
  test("what is asked for meanwhile is the next batch, each thing once", async () => {
    const batches: (readonly string[])[] = [];
    const { begun, work } = controlled<string>();
    const ask = inBatches<string, string>(
      (items) => {
        batches.push(items);
        return work();
      },
      (item) => item,
    );
    const first = ask(["a", "a"]);
    const [second, third] = [ask(["b", "a"]), ask(["b", "c"])];
    begun[0]!.end("first");
    expect(await first).toBe("first");
    await turns();
    expect(batches).toEqual([["a"], ["b", "a", "c"]]);
    begun[1]!.end("second");
    expect(await Promise.all([second, third])).toEqual(["second", "second"]);
  });

  test("a failure is told to those of its batch only", async () => {
    const { begun, work } = controlled<string>();
    const ask = inBatches<string, string>(work, (item) => item);
    const [first, second] = [ask(["a"]), ask(["b"])];
    begun[0]!.fail(new Error("no"));
    await expect(first).rejects.toThrow("no");
    await turns();
    begun[1]!.end("done");
    expect(await second).toBe("done");
  });

  test("who asks just when a batch ends waits with those who asked before", async () => {
    const batches: (readonly string[])[] = [];
    const { begun, work } = controlled<string>();
    const ask = inBatches<string, string>(
      (items) => {
        batches.push(items);
        return work();
      },
      (item) => item,
    );
    const first = ask(["a"]);
    const others = [ask(["b"])];
    // At every moment between the end of the one and the beginning of the other.
    const asking = first.then(() => others.push(ask(["c"])));
    begun[0]!.end("first");
    for (let n = 0; n < 5; n++) {
      others.push(ask([`${n}`]));
      await Promise.resolve();
    }
    await asking;
    await turns();
    expect(begun).toHaveLength(2);
    begun[1]!.end("second");
    await turns();
    begun[2]?.end("third");
    await Promise.all(others);
    expect(batches[0]).toEqual(["a"]);
    expect(batches[1]?.[0]).toBe("b");
  });
});
