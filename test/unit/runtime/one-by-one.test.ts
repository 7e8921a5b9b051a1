import { describe, expect, test } from "vitest";
import { oneByOne, togetherOrOneByOne } from "../../../services/runtime/one-by-one.ts";

/** Work that fails for some, and notes what it has done. */
function failingFor(...bad: readonly number[]) {
  const done: number[] = [];
  const one = async (item: number) => {
    if (bad.includes(item)) throw new Error(`${item} fails`);
    done.push(item);
  };
  return { done, one };
}

describe("one by one", () => {
  test("what fails keeps none of the others from it, and is told at the end", async () => {
    const { done, one } = failingFor(2, 4);
    await expect(oneByOne([1, 2, 3, 4, 5], one, 0)).rejects.toThrow("2 fails");
    expect(done).toEqual([1, 3, 5]);
  });

  test("three failures in a row are the end, and the next time begins elsewhere", async () => {
    const { done, one } = failingFor(1, 2, 3);
    await expect(oneByOne([1, 2, 3, 4, 5], one, 0)).rejects.toThrow("1 fails");
    expect(done).toEqual([]);
    await expect(oneByOne([1, 2, 3, 4, 5], one, 8)).rejects.toThrow("1 fails");
    expect(done).toEqual([4, 5]);
  });

  test("nothing at all is no failure", () => oneByOne([], () => Promise.reject(new Error("never")), 7));

  test("together where that works, one by one where it does not", async () => {
    const { done, one } = failingFor(2);
    const calls: number[] = [];
    const all = async (items: readonly number[]) => {
      calls.push(items.length);
      for (const item of items) await one(item);
    };
    await togetherOrOneByOne([1, 3], all, 0);
    expect(calls).toEqual([2]);
    await expect(togetherOrOneByOne([4, 2, 5], all, 0)).rejects.toThrow("2 fails");
    expect(calls).toEqual([2, 3, 1, 1, 1]);
    expect(done).toEqual([1, 3, 4, 4, 5]);
  });
});
