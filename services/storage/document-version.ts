import type { Clock } from "../runtime/clock.ts";

/**
 * Makes versions: microseconds since 1970, larger than any made before and than the version they replace. Being
 * clock-based, a document that is made again after its removal gets no version that it had.
 */
export function versionSource(clock: Clock): (expectedVersion: number) => number {
  let last = 0;
  return (expectedVersion) => {
    last = Math.max(clock.now() * 1000, last + 1, expectedVersion + 1);
    return last;
  };
}
