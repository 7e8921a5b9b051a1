import type { EventCursor } from "./event.ts";
import type { EventListQuery, FloatingRange } from "./store.ts";

/** A stretch of the order of events, without its ends. A place without a fingerprint lies before all events of its time. */
export interface OrderRange {
  readonly after: EventCursor;
  readonly before: EventCursor;
}

/** 0001-01-01T00:00:00Z in milliseconds: no event is earlier (RFC 3339 has no year before 1 that the surfaces accept). */
const EARLIEST_MS = -62_135_596_800_000;
/** 10000-01-01T00:00:00Z in milliseconds: all events are earlier. */
const LATEST_MS = 253_402_300_800_000;

const earliest: EventCursor = { effectiveMs: EARLIEST_MS, fingerprint: "" };
const latest: EventCursor = { effectiveMs: LATEST_MS, fingerprint: "" };

/** All events. */
export const wholeOrder: OrderRange = { after: earliest, before: latest };

/** Events at a time (milliseconds) or later. */
export function fromTime(ms: number): OrderRange {
  return { after: startOf(ms), before: latest };
}

/** Events strictly before a place. */
export function beforePlace(before: EventCursor): OrderRange {
  return { after: earliest, before };
}

/** What a {@link FloatingRange} asks for: both times included, after the cursor. */
export function floatingRange({ fromMs, toMs, after }: FloatingRange): OrderRange {
  return { after: later(startOf(fromMs), after), before: startOf(Math.floor(toMs) + 1) };
}

/** Events before a time (milliseconds), after the cursor. */
export function beforeTime(ms: number, after: EventCursor | undefined): OrderRange {
  return { after: after ?? earliest, before: startOf(ms) };
}

/** What a list asks for: start included, end not, before the cursor because the latest comes first. */
export function listRange({ filter, after: cursor }: EventListQuery): OrderRange {
  const end = filter.endMs === undefined ? latest : startOf(filter.endMs);
  return {
    after: filter.startMs === undefined ? earliest : startOf(filter.startMs),
    before: cursor !== undefined && compareInOrder(cursor, end) < 0 ? cursor : end,
  };
}

/** Negative where `a` comes first (semantics, Order: by effective time, then fingerprint). */
export function compareInOrder(a: EventCursor, b: EventCursor): number {
  if (a.effectiveMs !== b.effectiveMs) return a.effectiveMs - b.effectiveMs;
  if (a.fingerprint === b.fingerprint) return 0;
  return a.fingerprint < b.fingerprint ? -1 : 1;
}

function startOf(ms: number): EventCursor {
  return { effectiveMs: Math.min(Math.max(Math.ceil(ms), EARLIEST_MS), LATEST_MS), fingerprint: "" };
}

function later(a: EventCursor, b: EventCursor | undefined): EventCursor {
  return b !== undefined && compareInOrder(a, b) < 0 ? b : a;
}
