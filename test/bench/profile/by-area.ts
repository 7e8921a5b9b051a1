import type { Frame } from "./cpu-profile.ts";

/** Samples of one area: its own, and those of all that it called. */
export interface AreaShare {
  readonly area: string;
  readonly self: number;
  readonly inclusive: number;
}

/** Shares (0 to 1) of a thread's busy time by area; a sample counts once for each area that is on its stack. */
export function byArea(root: Frame): AreaShare[] {
  const selfOf = new Map<string, number>();
  const inclusiveOf = new Map<string, number>();
  const add = (counts: Map<string, number>, area: string, samples: number) =>
    counts.set(area, (counts.get(area) ?? 0) + samples);

  function walk(frame: Frame, above: ReadonlySet<string>): void {
    add(selfOf, frame.area, frame.self);
    const isOutermost = !above.has(frame.area);
    if (isOutermost) add(inclusiveOf, frame.area, frame.total);
    const within = isOutermost ? new Set([...above, frame.area]) : above;
    for (const child of frame.children) walk(child, within);
  }
  for (const child of root.children) walk(child, new Set());
  return [...inclusiveOf].map(([area, inclusive]) => ({
    area,
    self: (selfOf.get(area) ?? 0) / root.total,
    inclusive: inclusive / root.total,
  }));
}
