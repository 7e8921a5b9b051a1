import { seededRandom } from "../bench/load/random.ts";

/** Chance that is the same for the same seed. */
export interface Dice {
  /** A whole number from 0 up to `below`. */
  below(below: number): number;
  /** Whether something happens that does in `percent` of all cases. */
  chance(percent: number): boolean;
  pick<T>(choices: readonly T[]): T;
  /** Up to `length` bytes. */
  bytes(length: number): Buffer;
}

/** The dice of one input: it depends on the run's seed and the input's number alone, so that it can be made again. */
export function diceOf(seed: number, number: number): Dice {
  const random = seededRandom(Math.imul(seed, 0x9e3779b1) ^ Math.imul(number + 1, 0x85ebca6b));
  const below = (limit: number) => Math.floor(random() * limit);
  return {
    below,
    chance: (percent) => random() * 100 < percent,
    pick: (choices) => choices[below(choices.length)]!,
    bytes: (length) => Buffer.from(Array.from({ length: below(length + 1) }, () => below(256))),
  };
}
