/** So many failures in a row are not the fault of what is worked on, but of something that all of it needs. */
const FAILURES = 3;

/**
 * Works on things one after another; one that fails keeps none of the others from it.
 *
 * @param first where to begin, any number: who comes back each time begins somewhere else, so that nothing is behind
 * others that always fail
 * @throws the first failure, once everything was tried or {@link FAILURES} in a row have failed
 */
export async function oneByOne<T>(
  items: readonly T[],
  work: (item: T) => Promise<unknown>,
  first: number,
): Promise<void> {
  const failures: unknown[] = [];
  const start = items.length === 0 ? 0 : first % items.length;
  let inARow = 0;
  for (const item of [...items.slice(start), ...items.slice(0, start)]) {
    try {
      await work(item);
      inARow = 0;
    } catch (error) {
      failures.push(error);
      inARow += 1;
    }
    if (inARow === FAILURES) break;
  }
  if (failures.length > 0) throw failures[0];
}

/** Works on all things together, and where that fails {@link oneByOne}. */
export async function togetherOrOneByOne<T>(
  items: readonly T[],
  work: (items: readonly T[]) => Promise<unknown>,
  first: number,
): Promise<void> {
  try {
    await work(items);
  } catch (error) {
    if (items.length <= 1) throw error;
    await oneByOne(items, (item) => work([item]), first);
  }
}
