import type { IngestionContext } from "../context.ts";
import type { StoredEvent } from "../event.ts";

/**
 * Events of a page that a profile rests on: the user's first, last and latest device event. Of several at the first or last time one
 * of the page is enough.
 *
 * @returns their fingerprints
 */
export async function neededByProfiles(
  { events }: Pick<IngestionContext, "events">,
  page: readonly StoredEvent[],
): Promise<Set<string>> {
  const needed = new Set<string>();
  const ofUsers = Map.groupBy(
    page.filter(({ late, appUserId }) => !late && appUserId !== ""),
    ({ appUserId }) => appUserId,
  );
  await Promise.all(
    [...ofUsers].map(async ([appUserId, own]) => {
      const profile = await events.profileState(own[0]!.app, appUserId);
      if (profile === undefined) return;
      const first = own.find(({ effectiveMs }) => effectiveMs === profile.firstSeenMs);
      const last = own.findLast(({ effectiveMs }) => effectiveMs === profile.lastSeenMs);
      for (const event of [first, last]) if (event !== undefined) needed.add(event.fingerprint);
      if (profile.attributes !== undefined) needed.add(profile.attributes.fingerprint);
    }),
  );
  return needed;
}
