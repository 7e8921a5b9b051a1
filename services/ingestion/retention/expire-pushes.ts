import { parseAppKey } from "../../runtime/app-key.ts";
import type { IngestionContext } from "../context.ts";
import { type Pass, withJournal } from "./retention-record.ts";

/** Pushes removed by one call. */
const PAGE = 500;

/** Removes pushes that were sent before the pass's time; those with something outstanding stay. Answers how many went. */
export async function expirePushes(context: IngestionContext, { app, beforeMs, goesOn }: Pass): Promise<number> {
  const named = parseAppKey(app);
  let removed = 0;
  let place = { sentBeforeMs: beforeMs, trackingTokenBefore: "" };
  while (await goesOn()) {
    const { pushes } = await context.pushes.listPushesBefore({ ...named, ...place, limit: PAGE });
    const last = pushes.at(-1);
    if (last === undefined) break;
    place = { sentBeforeMs: last.sentTimeMs, trackingTokenBefore: last.trackingToken };
    const causes = [...new Set(pushes.map(({ attributedBy }) => attributedBy))].filter((cause) => cause !== "");
    const trackingTokens = pushes.map(({ trackingToken }) => trackingToken);
    removed += await withJournal(context, { app, causes }, async () => {
      const request = { ...named, trackingTokens, sentBeforeMs: beforeMs };
      return (await context.pushes.removePushes(request)).removedCount;
    });
  }
  return removed;
}
