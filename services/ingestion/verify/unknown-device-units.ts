import { type AppKey, parseAppKey } from "../../runtime/app-key.ts";
import { attributePushes } from "../attribute-pushes.ts";
import type { IngestionContext } from "../context.ts";
import type { StoredEvent } from "../event.ts";
import { deviceState } from "./device-units.ts";
import { type Finding, shareOfKeys, type Unit, type UnitPage } from "./finding.ts";
import { applyOnceMore, stored } from "./repair-events.ts";
import { eventPages, floatingPushPages } from "./timeline-event.ts";

/** Device keys looked up at once. */
const PAGE = 500;

/** Devices that events or pushes name, but that are not registered. */
export async function* unknownDevicePages(context: IngestionContext, app: AppKey): AsyncGenerator<UnitPage> {
  const { events, pushes } = context;
  const lists = [
    (after: string) => events.deviceKeys({ app, after, limit: PAGE }),
    async (after: string) =>
      (await pushes.listFloatingDeviceKeys({ ...parseAppKey(app), afterDeviceKey: after, limit: PAGE })).deviceKeys,
  ];
  for (const [i, list] of lists.entries()) {
    for (let after = "", more = true; more; ) {
      const keys = await list(after);
      const unknown = await unknownKeys(context, app, keys);
      more = keys.length === PAGE;
      after = keys.at(-1) ?? "";
      const units = unknown.map((key) => unknownDeviceUnit(context, app, key));
      yield { units, looked: keys.length, share: (i + (more ? shareOfKeys(after) : 1)) / lists.length };
    }
  }
}

async function unknownKeys({ devices }: IngestionContext, app: AppKey, keys: readonly string[]): Promise<string[]> {
  if (keys.length === 0) return [];
  const { scopes } = await devices.getAttributionScopes({ ...parseAppKey(app), deviceKeys: [...keys] });
  const known = new Set(scopes.flatMap(({ deviceKeys }) => deviceKeys));
  return keys.filter((key) => !known.has(key));
}

function unknownDeviceUnit(context: IngestionContext, app: AppKey, deviceKey: string): Unit {
  const finding: Omit<Finding, "explained"> = {
    kind: "unknown_device",
    subject: deviceKey,
    field: "device",
    expected: '"registered"',
    actual: "",
  };
  return {
    async check() {
      if ((await deviceState(context, app, deviceKey)) !== undefined) return [];
      let found = false;
      for await (const { pending } of naming(context, app, deviceKey)) {
        if (!pending) return [{ ...finding, explained: false }];
        found = true;
      }
      return found ? [{ ...finding, explained: true }] : [];
    },
    async repair() {
      for await (const page of eventPages(context, app, { deviceKey })) {
        const fingerprints = page.map(({ fingerprint }) => fingerprint);
        const events: StoredEvent[] = await stored(context, app, fingerprints);
        await applyOnceMore(context, events);
      }
      for await (const page of floatingPushPages(context, app, [deviceKey])) {
        if (page.length === 0) continue;
        const pushes = page.map(({ trackingToken, ownerToken: deviceToken, sentTimeMs }) => ({
          $typeName: "carillon.ingestion.v1.UnattributedPush" as const,
          trackingToken,
          deviceToken,
          deviceKey,
          sentTimeMs,
        }));
        const $typeName = "carillon.ingestion.v1.AttributePushesRequest";
        await attributePushes(context)({ $typeName, ...parseAppKey(app), pushes });
      }
    },
  };
}

/** What has its device registered: every event but a late one that names its user, and every push to a device's owner. */
async function* naming(
  context: IngestionContext,
  app: AppKey,
  deviceKey: string,
): AsyncGenerator<{ readonly pending: boolean }> {
  for await (const page of eventPages(context, app, { deviceKey }))
    yield* page.filter(({ role, late }) => role !== "identified" || !late);
  for await (const page of floatingPushPages(context, app, [deviceKey])) yield* page;
}
