import type { Attribution } from "./attribution.ts";
import type { ModelDevice } from "./devices.ts";

/** What one identified event took. */
export interface MergeView {
  /** Current token of the device. */
  readonly deviceToken: string;
  readonly fromAppUserId: string;
  readonly toAppUserId: string;
  readonly eventCount: number;
  readonly pushCount: number;
  /** Effective time of the event that took them. */
  readonly atMs: number;
}

/** Semantics, Merge journal; by the fingerprint of the event that took something. */
export function journalOf(
  devices: readonly ModelDevice[],
  { events, pushes }: { readonly events: readonly Attribution[]; readonly pushes: readonly Attribution[] },
): Map<string, MergeView> {
  const entries = devices.flatMap((device) =>
    device.timeline.map(({ fingerprint, sentAppUserId, effectiveMs }): [string, MergeView] => [
      fingerprint,
      {
        deviceToken: device.currentToken,
        fromAppUserId: `anon:${device.rootToken}`,
        toAppUserId: sentAppUserId,
        eventCount: events.filter(({ attributedBy }) => attributedBy === fingerprint).length,
        pushCount: pushes.filter(({ attributedBy }) => attributedBy === fingerprint).length,
        atMs: effectiveMs,
      },
    ]),
  );
  return new Map(entries.filter(([, { eventCount, pushCount }]) => eventCount + pushCount > 0));
}
