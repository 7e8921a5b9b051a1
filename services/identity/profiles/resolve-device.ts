import { timestampMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import type { Device } from "../../../proto/gen/carillon/device/v1/device_pb.js";
import type { Event } from "../../../proto/gen/carillon/ingestion/v1/event_pb.js";
import { deviceKeyOf } from "../../runtime/device-key.ts";
import type { IdentityContext } from "../context.ts";

/** Any token of a device, and when the caller stops waiting. */
export interface DeviceQuery {
  readonly tenantId: string;
  readonly appId: string;
  readonly deviceToken: string;
  readonly signal: AbortSignal;
}

/** Events asked for at once: nearly always the first one is live. */
const EVENTS_PER_PAGE = 10;

/** The token that the device's anonymous profile is named for; undefined for a device that nothing made known. */
export async function rootTokenOf(
  { deviceRegistry }: IdentityContext,
  { signal, ...query }: DeviceQuery,
): Promise<string | undefined> {
  const deviceKeys = [deviceKeyOf(query.deviceToken)];
  const { scopes } = await deviceRegistry.getAttributionScopes(
    { tenantId: query.tenantId, appId: query.appId, deviceKeys },
    { signal },
  );
  return scopes[0]?.rootToken || undefined;
}

/** The device; undefined where nothing made it known. */
export async function deviceOf(
  { devices }: IdentityContext,
  { signal, ...query }: DeviceQuery,
): Promise<Device | undefined> {
  try {
    return (await devices.getDevice(query, { signal })).device;
  } catch (error) {
    if (ConnectError.from(error).code === Code.NotFound) return undefined;
    throw error;
  }
}

/**
 * The user whom the latest live event of a device is attributed to; undefined where it has none.
 *
 * @param query.tokens all tokens of the device: an event sent with any of them is the device's
 */
export async function latestUserOf(
  context: IdentityContext,
  query: DeviceQuery & { readonly tokens: readonly string[] },
): Promise<string | undefined> {
  const latest = await Promise.all(
    query.tokens.map((deviceToken) => latestEventOf(context, { ...query, deviceToken })),
  );
  return latest.filter((event) => event !== undefined).toSorted(latestFirst)[0]?.appUserId;
}

async function latestEventOf(
  { events }: IdentityContext,
  { tenantId, appId, deviceToken, signal }: DeviceQuery,
): Promise<Event | undefined> {
  for (let pageToken = ""; ; ) {
    const page = await events.listEvents(
      { tenantId, appId, deviceToken, pageSize: EVENTS_PER_PAGE, pageToken },
      { signal },
    );
    const event = page.events.find(({ appUserId, flags }) => appUserId !== "" && !flags.includes("late"));
    if (event !== undefined || page.nextPageToken === "") return event;
    pageToken = page.nextPageToken;
  }
}

/** The order of events: by effective time, then by fingerprint. */
function latestFirst(a: Event, b: Event): number {
  return effectiveTimeMs(b) - effectiveTimeMs(a) || (a.fingerprint < b.fingerprint ? 1 : -1);
}

function effectiveTimeMs({ effectiveTime }: Event): number {
  return effectiveTime === undefined ? 0 : timestampMs(effectiveTime);
}
