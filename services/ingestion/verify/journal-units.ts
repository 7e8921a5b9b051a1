import { type AppKey, parseAppKey } from "../../runtime/app-key.ts";
import type { IngestionContext } from "../context.ts";
import type { Attribution } from "../event.ts";
import { keysOf } from "./device-fields.ts";
import { deviceState } from "./device-units.ts";
import { shareOfKeys, type Unit, type UnitPage } from "./finding.ts";
import { countedEntries, journalFindings, storedEntries } from "./journal-findings.ts";
import { floatingPushPages } from "./timeline-event.ts";

/** Entries read at once. */
const PAGE = 200;

/** Every entry of an app's journal. Entries that are missing show with their devices. */
export async function* journalPages(context: IngestionContext, app: AppKey): AsyncGenerator<UnitPage> {
  for (let afterFingerprint = "", more = true; more; ) {
    const request = { ...parseAppKey(app), afterFingerprint, limit: PAGE };
    const { merges, nextFingerprint } = await context.identity.listMergeStates(request);
    const counted = await countedEntries(
      context,
      app,
      merges.map(({ fingerprint }) => fingerprint),
    );
    const suspect = merges.filter((actual) => {
      const expected = counted.get(actual.fingerprint);
      return journalFindings(actual.fingerprint, { expected, actual, explained: false }).length > 0;
    });
    const units = suspect.map(({ fingerprint }) => entryUnit(context, app, fingerprint));
    yield { units, looked: merges.length, share: shareOfKeys(nextFingerprint) };
    more = nextFingerprint !== "";
    afterFingerprint = nextFingerprint;
  }
}

function entryUnit(context: IngestionContext, app: AppKey, fingerprint: string): Unit {
  async function look() {
    const actual = (await storedEntries(context, app, [fingerprint])).get(fingerprint);
    const expected = (await countedEntries(context, app, [fingerprint])).get(fingerprint);
    const found = journalFindings(fingerprint, { expected, actual, explained: false });
    return { found, deviceKey: actual?.state?.deviceKey ?? expected?.deviceKey };
  }

  return {
    async check() {
      const { found, deviceKey } = await look();
      if (found.length === 0 || deviceKey === undefined) return found;
      if (await isChangingHands(context, app, { fingerprint, deviceKey }))
        return found.map((finding) => ({ ...finding, explained: finding.field === "entry" }));
      // What the entry had not heard of may have become complete since: entries are computed before the marks go.
      return (await look()).found;
    },
    async repair() {
      await context.journal.recompute([{ app, fingerprint }]);
    },
  };
}

/** Whether an event or a push is on its way to the cause, or from it. */
async function isChangingHands(
  context: IngestionContext,
  app: AppKey,
  { fingerprint, deviceKey }: { readonly fingerprint: string; readonly deviceKey: string },
): Promise<boolean> {
  const state = await deviceState(context, app, deviceKey);
  if (state === undefined) return false;
  const concerns = (attributions: readonly (Attribution | undefined)[]) =>
    attributions.some((each) => each?.attributedBy === fingerprint);
  const events = await context.events.pendingOfDevices(app, keysOf(state), PAGE);
  if (events.length === PAGE || events.some((event) => concerns([event, ...event.priors]))) return true;
  for await (const page of floatingPushPages(context, app, keysOf(state))) {
    const isConcerned = page.some(({ pending, attribution, priors }) => pending && concerns([attribution, ...priors]));
    if (isConcerned) return true;
  }
  return false;
}
