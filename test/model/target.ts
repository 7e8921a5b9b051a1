import type { ShownState } from "../simulation/final-state.ts";
import type { AcceptedEvent, AcceptedPush, Link, PushReport } from "./accepted.ts";

/** An event as its sender makes it; the same sketch again is the same event. */
export type EventSketch = Omit<AcceptedEvent, "fingerprint" | "receivedMs">;

export type PushSketch = Omit<AcceptedPush, "registeredMs">;

/** What an erasure removed. */
export type ErasureCounts = Readonly<Record<"eventCount" | "pushCount" | "mergeCount" | "deviceCount", number>>;

/** A system under test, with one app that nothing else uses. */
export interface Target {
  /** Milliseconds since 1970; times of sketches are around this. */
  now(): number;
  /** What was accepted: server events may lose their time on the way, and the receipt is only about right. */
  send(sketch: EventSketch): Promise<AcceptedEvent>;
  refresh(pair: RefreshSketch): Promise<"accepted" | "unknown device" | "token conflict">;
  register(push: PushSketch): Promise<"accepted" | "other content">;
  /** The report, its times as early and as late as they may be. */
  report(report: ReportSketch): Promise<{ readonly earliest: PushReport; readonly latest: PushReport }>;
  setLink(link: Link, linked: boolean): Promise<"accepted" | "unknown device">;
  erase(appUserId: string): Promise<ErasureCounts>;
  /** Lets an erasure be over for good, so that `anon:` ids mean somebody else; false where that would take too long. */
  endErasures(): Promise<boolean>;
  shown(): Promise<ShownState>;
  /** Milliseconds that effects may take although nothing fails. */
  readonly patienceMs: number;
}

export interface RefreshSketch {
  readonly oldToken: string;
  readonly newToken: string;
  readonly appUserId: string;
}

export interface ReportSketch {
  readonly of: PushReport["of"];
  readonly trackingToken: string;
  /** When it happened, where the way of reporting it can say so. */
  readonly atMs: number;
}
