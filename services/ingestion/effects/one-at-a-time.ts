/** Does what is asked for under a key; rejects as the work does. */
export type OneAtATime = (key: string, work: () => Promise<void>) => Promise<void>;

interface Turn {
  readonly done: Promise<void>;
  /** The one that comes after, for everybody who asked since this one began. */
  next: Promise<void> | undefined;
}

/**
 * One turn of work a key at a time. Who asks while one is under way shares the next one with all others who do: it
 * begins after they asked, so it sees what they mean, and however many they are they never work against each other.
 */
export function oneAtATime(): OneAtATime {
  const turns = new Map<string, Turn>();

  function begin(key: string, work: () => Promise<void>): Promise<void> {
    const done = work().finally(() => {
      if (turn.next === undefined) turns.delete(key);
    });
    const turn: Turn = { done, next: undefined };
    turns.set(key, turn);
    return done;
  }

  return function ask(key, work) {
    const turn = turns.get(key);
    if (turn === undefined) return begin(key, work);
    const afterwards = () => begin(key, work);
    turn.next ??= turn.done.then(afterwards, afterwards);
    return turn.next;
  };
}
