import { Code, ConnectError } from "@connectrpc/connect";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type BatcherLimits, createBatcher } from "../../../../gateway/batching/batcher.ts";
import { virtualClock } from "../../../wire/gateway/virtual-clock.ts";

const LIMITS: BatcherLimits = {
  calls: 2,
  batchElements: 4,
  batchBytes: 100,
  queuedElements: 8,
  queuedBytes: 1_000,
  callTimeoutMs: 4_000,
};

interface Call {
  readonly elements: readonly string[];
  readonly signal: AbortSignal;
  answer(verdicts: readonly (string | undefined)[]): void;
  fail(error: unknown): void;
}

/** A batcher of texts, each as large as it is long, whose calls the test answers. */
function recorded(limits: Partial<BatcherLimits> = {}) {
  const clock = virtualClock();
  const calls: Call[] = [];
  const batcher = createBatcher<string, string>({
    clock,
    limits: { ...LIMITS, ...limits },
    sizeOf: (element) => element.length,
    random: () => 0.5,
    send(elements, { signal }) {
      const { promise, resolve, reject } = Promise.withResolvers<readonly (string | undefined)[]>();
      calls.push({ elements, signal, answer: resolve, fail: reject });
      return promise;
    },
  });
  const submit = (element: string, timeMs = 5_000) => batcher.submit(element, clock.now() + timeMs);
  return { batcher, clock, calls, submit };
}

const outcomeOf = (verdict: Promise<string>) => verdict.catch((error: { fault: { kind: string } }) => error.fault.kind);
const unavailable = new ConnectError("down", Code.Unavailable);

describe("a batch", () => {
  it("leaves at once with everything that the same turn brought", async () => {
    const { submit, calls, clock } = recorded();
    const verdicts = [submit("a"), submit("b"), submit("c")];
    await clock.advance(0);
    expect(calls.map(({ elements }) => elements)).toEqual([["a", "b", "c"]]);
    calls[0]!.answer(["A", "B", "C"]);
    expect(await Promise.all(verdicts)).toEqual(["A", "B", "C"]);
  });

  it("gathers what arrives while all calls are under way", async () => {
    const { submit, calls, clock } = recorded();
    const verdicts: Promise<string>[] = [];
    for (const element of ["a", "b", "c", "d"]) {
      verdicts.push(submit(element));
      await clock.advance(0);
    }
    expect(calls.map(({ elements }) => elements)).toEqual([["a"], ["b"]]);
    calls[0]!.answer(["A"]);
    await clock.advance(0);
    expect(calls[2]!.elements).toEqual(["c", "d"]);
    calls[1]!.answer(["B"]);
    calls[2]!.answer(["C", "D"]);
    expect(await Promise.all(verdicts)).toEqual(["A", "B", "C", "D"]);
  });

  it("takes no more elements and bytes than a call may have, but a large one alone", async () => {
    const { submit, calls, clock } = recorded({ calls: 9, queuedElements: 20 });
    const elements = ["1", "2", "3", "4", "5", "x".repeat(60), "y".repeat(60), "z".repeat(300), "6"];
    const verdicts = elements.map((element) => outcomeOf(submit(element)));
    await clock.advance(0);
    expect(calls.map((call) => call.elements.map(([first]) => first).join(""))).toEqual(["1234", "5x", "y", "z", "6"]);
    for (const call of calls) call.answer(call.elements);
    expect(await Promise.all(verdicts)).toEqual(elements);
  });
});

describe("an element", () => {
  it("whose verdict is missing is sent again, while its neighbours have theirs", async () => {
    const { submit, calls, clock } = recorded();
    const [a, b, c] = [submit("a"), submit("b"), submit("c")];
    await clock.advance(0);
    calls[0]!.answer(["A", undefined]);
    expect(await a).toBe("A");
    await clock.advance(50);
    expect(calls[1]!.elements).toEqual(["b", "c"]);
    calls[1]!.answer(["B", "C"]);
    expect(await Promise.all([b, c])).toEqual(["B", "C"]);
  });

  it("is sent again with growing pauses until its time is up, then is overloaded", async () => {
    const { submit, calls, clock } = recorded();
    const verdict = outcomeOf(submit("a", 1_000));
    const times: number[] = [];
    const start = clock.now();
    for (let done = 0; clock.now() < start + 3_000; await clock.advance(5)) {
      for (; done < calls.length; done += 1) {
        times.push(clock.now() - start);
        calls[done]!.fail(unavailable);
      }
    }
    expect(await verdict).toBe("overloaded");
    const pauses = times.slice(1).map((time, index) => time - times[index]!);
    expect(pauses.length).toBeGreaterThan(2);
    expect(pauses.toSorted((x, y) => x - y)).toEqual(pauses);
    expect(times.at(-1)).toBeLessThan(1_000);
  });

  it("is given up by a call that hangs, and sent again", async () => {
    const { submit, calls, clock } = recorded();
    const verdict = submit("a", 9_000);
    await clock.advance(0);
    await clock.advance(4_000);
    expect(calls[0]!.signal.aborted).toBe(true);
    await clock.advance(50);
    calls[1]!.answer(["A"]);
    expect(await verdict).toBe("A");
  });

  it("that every call fails over falls alone", async () => {
    const { submit, calls, clock } = recorded();
    const verdicts = ["a", "poison", "c", "d"].map((element) => outcomeOf(submit(element)));
    await clock.advance(0);
    // Calls come in while earlier ones are answered.
    for (const call of calls) {
      if (call.elements.includes("poison")) call.fail(new ConnectError("bad", Code.InvalidArgument));
      else call.answer(call.elements);
      await clock.advance(0);
    }
    expect(await Promise.all(verdicts)).toEqual(["a", "internal", "c", "d"]);
  });

  it("does not shorten the call of its neighbours below a second", async () => {
    const { submit, calls, clock } = recorded();
    const [late, early] = [outcomeOf(submit("late", 10)), submit("early", 5_000)];
    await clock.advance(900);
    expect(calls[0]!.signal.aborted).toBe(false);
    calls[0]!.answer(["L", "E"]);
    expect([await late, await early]).toEqual(["L", "E"]);
  });

  it("whose time is up in the queue is not sent any more", async () => {
    const { submit, calls, clock } = recorded({ calls: 1 });
    const first = submit("a");
    await clock.advance(0);
    const second = outcomeOf(submit("b", 100));
    await clock.advance(200);
    calls[0]!.answer(["A"]);
    expect([await first, await second]).toEqual(["A", "overloaded"]);
    expect(calls).toHaveLength(1);
  });
});

describe("the queue", () => {
  it("is bounded by elements and by bytes", async () => {
    const { submit, clock, calls } = recorded({ calls: 1, queuedElements: 2 });
    const under = submit("a");
    await clock.advance(0);
    const queued = [submit("b"), submit("c")];
    expect(await outcomeOf(submit("d"))).toBe("overloaded");
    calls[0]!.answer(["A"]);
    await clock.advance(0);
    calls[1]!.answer(["B", "C"]);
    expect(await Promise.all([under, ...queued])).toEqual(["A", "B", "C"]);
    const small = recorded({ queuedBytes: 10 });
    expect(await outcomeOf(small.submit("x".repeat(11)))).toBe("overloaded");
  });

  it("tells how long its oldest element has waited", async () => {
    const { batcher, submit, clock, calls } = recorded({ calls: 1 });
    expect(batcher.queueAgeMs()).toBe(0);
    const first = submit("a");
    await clock.advance(700);
    expect(batcher.queueAgeMs()).toBe(0);
    const second = submit("b");
    await clock.advance(300);
    expect(batcher.queueAgeMs()).toBe(300);
    calls[0]!.answer(["A"]);
    await clock.advance(0);
    expect(batcher.queueAgeMs()).toBe(0);
    calls[1]!.answer(["B"]);
    expect(await Promise.all([first, second])).toEqual(["A", "B"]);
  });
});

it("gives every element the verdict that the other side reached for it, and only that, whatever fails", async () => {
  const faults = fc.array(fc.constantFrom("ok", "unavailable", "partial", "internal", "hang"), { maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(faults, fc.integer({ min: 1, max: 12 }), async (plan, count) => {
      const clock = virtualClock();
      const reached = new Set<string>();
      const moves = [...plan];
      const batcher = createBatcher<string, string>({
        clock,
        limits: { ...LIMITS, queuedElements: 20 },
        sizeOf: () => 1,
        random: () => 0.5,
        async send(elements) {
          const move = moves.shift() ?? "ok";
          // What a failed call did is unknown: this one stored everything.
          for (const element of elements) if (move !== "unavailable") reached.add(element);
          if (move === "hang") return new Promise(() => undefined);
          if (move === "unavailable") throw unavailable;
          if (move === "internal") throw new ConnectError("bug", Code.Internal);
          return elements.map((element, index) => (move === "partial" && index % 2 === 0 ? undefined : element));
        },
      });
      const names = Array.from({ length: count }, (_, index) => `e${index}`);
      const outcomes = Promise.all(names.map((name) => outcomeOf(batcher.submit(name, clock.now() + 5_000))));
      await clock.advance(30_000);
      for (const [index, outcome] of (await outcomes).entries()) {
        expect([names[index], "overloaded"]).toContain(outcome);
        if (outcome !== "overloaded") expect(reached).toContain(names[index]);
      }
      expect(clock.sleeping).toBe(0);
    }),
    { numRuns: 60 },
  );
});
