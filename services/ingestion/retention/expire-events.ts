import type { IngestionContext } from "../context.ts";
import { type EventCursor, isFloating, type StoredEvent } from "../event.ts";
import { neededByDevices } from "./needed-by-devices.ts";
import { neededByProfiles } from "./needed-by-profiles.ts";
import { type Pass, withJournal } from "./retention-record.ts";

/** Events looked at together. */
const PAGE = 256;

/**
 * Removes the events before the pass's time on which nothing that stays rests, in order; answers how many went.
 *
 * What floats goes before the events around it: what is left of it then is what these are needed for.
 */
export async function expireEvents(context: IngestionContext, pass: Pass): Promise<number> {
  const { app, beforeMs } = pass;
  let removed = 0;
  let after: EventCursor | undefined;
  while (await pass.goesOn()) {
    const page = await context.events.listBefore({ app, beforeMs, after, limit: PAGE });
    after = page.at(-1);
    if (after === undefined) break;
    const byProfiles = await neededByProfiles(context, page);
    const candidates = page.filter(({ pending, fingerprint }) => !pending && !byProfiles.has(fingerprint));
    for (const floating of [true, false]) {
      const some = candidates.filter((event) => isFloating(event) === floating);
      const byDevices = await neededByDevices(context, pass, some);
      removed += await expire(
        context,
        pass,
        some.filter(({ fingerprint }) => !byDevices.has(fingerprint)),
      );
    }
  }
  return removed;
}

async function expire(context: IngestionContext, { app }: Pass, events: readonly StoredEvent[]): Promise<number> {
  if (events.length === 0) return 0;
  const borders = events.filter(({ role, late }) => role === "identified" && !late);
  const causes = [
    ...events.map(({ attributedBy }) => attributedBy).filter((cause) => cause !== ""),
    ...borders.map(({ fingerprint }) => fingerprint),
  ];
  return withJournal(context, { app, causes: [...new Set(causes)] }, () => context.events.expire(app, events));
}
