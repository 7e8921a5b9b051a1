/** Asks for work on things; resolves with what the work on the batch that they were in came to. */
export type InBatches<T, R> = (items: readonly T[]) => Promise<R>;

/**
 * One batch of work at a time: things that are asked for while one is under way wait, each once however often it is
 * asked for, and are the next batch together. So those who ask never work against each other, and what they ask for is
 * done after they asked.
 *
 * @param keyOf tells one thing from another
 */
export function inBatches<T, R>(
  work: (items: readonly T[]) => Promise<R>,
  keyOf: (item: T) => string,
): InBatches<T, R> {
  let underWay: Promise<R> | undefined;
  let next: { readonly items: Map<string, T>; readonly done: Promise<R> } | undefined;

  function begin(items: readonly T[]): Promise<R> {
    const done = work(items).finally(() => {
      // What waits begins in a moment; who asks until then waits with it.
      if (next === undefined) underWay = undefined;
    });
    underWay = done;
    return done;
  }

  return function ask(items) {
    const byKey = items.map((item) => [keyOf(item), item] as const);
    if (underWay === undefined) return begin([...new Map(byKey).values()]);
    if (next === undefined) {
      const waiting = new Map<string, T>();
      const beginNext = () => {
        next = undefined;
        return begin([...waiting.values()]);
      };
      next = { items: waiting, done: underWay.then(beginNext, beginNext) };
    }
    for (const [key, item] of byKey) next.items.set(key, item);
    return next.done;
  };
}
