import { type Timestamp, timestampMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { DeviceService } from "../../proto/gen/carillon/device/v1/device_service_pb.js";
import { ProfileService } from "../../proto/gen/carillon/identity/v1/profile_service_pb.js";
import { EventService } from "../../proto/gen/carillon/ingestion/v1/event_service_pb.js";
import { PushService } from "../../proto/gen/carillon/tracking/v1/push_service_pb.js";
import type { DeviceView } from "../model/devices.ts";
import type { PushView } from "../model/pushes.ts";
import type { EventView, State } from "../model/state.ts";
import type { Cluster } from "./cluster.ts";
import { app } from "./operations.ts";

/** What the operator API shows of an app. */
export interface ShownState extends Omit<State, "events" | "devices"> {
  /** With the receipt of the first copy. */
  readonly events: Map<string, EventView & { readonly receivedMs: number }>;
  readonly devices: Map<string, Omit<DeviceView, "rootToken">>;
}

/** Reads everything through the real handlers, page by page. */
export async function shownState(cluster: Pick<Cluster, "transportTo">, of = app): Promise<ShownState> {
  const way = (service: Parameters<Cluster["transportTo"]>[0]) => cluster.transportTo(service, "reliable");
  const page = (pageToken: string) => ({ ...of, pageSize: 50, pageToken });
  const events = createClient(EventService, way("ingestion"));
  const profiles = createClient(ProfileService, way("identity"));

  const shownEvents = await pages(async (token) => {
    const answer = await events.listEvents(page(token));
    return [answer.events, answer.nextPageToken] as const;
  });
  const definitions = await pages(async (token) => {
    const answer = await events.listEventDefinitions(page(token));
    return [answer.eventDefinitions, answer.nextPageToken] as const;
  });
  const shownProfiles = await pages(async (token) => {
    const answer = await profiles.listProfiles(page(token));
    return [answer.profiles, answer.nextPageToken] as const;
  });
  const merges = await pages(async (token) => {
    const answer = await profiles.listMerges(page(token));
    return [answer.merges, answer.nextPageToken] as const;
  });
  const devices = await shownDevices(way("device"), page);
  const tokens = [...devices.values()].flatMap((device) => device.tokens);
  return {
    events: new Map(
      shownEvents.map(({ fingerprint, appUserId, attributedBy, effectiveTime, receivedTime, flags }) => [
        fingerprint,
        { appUserId, attributedBy, effectiveMs: ms(effectiveTime), receivedMs: ms(receivedTime), flags },
      ]),
    ),
    profiles: new Map(
      shownProfiles.map(({ appUserId, firstSeenTime, lastSeenTime, language, country, timezone, platform }) => [
        appUserId,
        { firstSeenMs: ms(firstSeenTime), lastSeenMs: ms(lastSeenTime), language, country, timezone, platform },
      ]),
    ),
    devices,
    pushes: await shownPushes(way("tracking"), page),
    merges: new Map(
      merges.map(({ fingerprint, deviceToken, fromAppUserId, toAppUserId, eventCount, pushCount, time }) => [
        fingerprint,
        { deviceToken, fromAppUserId, toAppUserId, eventCount, pushCount, atMs: ms(time) },
      ]),
    ),
    // System events are listed although the app never sent them.
    definitions: new Map(
      definitions
        .filter(({ firstSeenTime }) => firstSeenTime !== undefined)
        .map(({ eventName, firstSeenTime, lastSeenTime, eventCount }) => [
          eventName,
          { firstSeenMs: ms(firstSeenTime), lastSeenMs: ms(lastSeenTime), eventCount: Number(eventCount) },
        ]),
    ),
    anonymousIds: await anonymousIds(tokens, async (appUserId) => {
      const { profile } = await profiles.getProfile({ ...of, appUserId });
      return profile?.appUserId ?? "";
    }),
  };
}

type Way = ReturnType<Cluster["transportTo"]>;
type PageOf = (pageToken: string) => typeof app & { readonly pageSize: number; readonly pageToken: string };

async function shownDevices(way: Way, page: PageOf): Promise<ShownState["devices"]> {
  const client = createClient(DeviceService, way);
  const devices = await pages(async (token) => {
    const answer = await client.listDevices(page(token));
    return [answer.devices, answer.nextPageToken] as const;
  });
  return new Map(
    devices.map(({ $typeName: _, deviceToken, tokens, ...rest }) => [
      deviceToken,
      { tokens: [...tokens].sort(), ...withoutUnknown(rest) },
    ]),
  );
}

async function shownPushes(way: Way, page: PageOf): Promise<ShownState["pushes"]> {
  const client = createClient(PushService, way);
  const pushes = await pages(async (token) => {
    const answer = await client.listPushes(page(token));
    return [answer.pushes, answer.nextPageToken] as const;
  });
  return new Map(
    pushes.map(({ trackingToken, appUserId, state, deliveredTime, openedTime }) => [
      trackingToken,
      {
        appUserId,
        state: state as PushView["state"],
        deliveredMs: deliveredTime && timestampMs(deliveredTime),
        openedMs: openedTime && timestampMs(openedTime),
      },
    ]),
  );
}

/** Whom the `anon:` ids of tokens lead to. */
async function anonymousIds(
  tokens: readonly string[],
  resolve: (appUserId: string) => Promise<string>,
): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const token of tokens) {
    try {
      found.set(token, await resolve(`anon:${token}`));
    } catch (error) {
      if (ConnectError.from(error).code !== Code.NotFound) throw error;
    }
  }
  return found;
}

/** A message as it is compared: fields that only newer servers send are no part of it. */
function withoutUnknown<T extends object>({ $unknown: _, ...rest }: T & { readonly $unknown?: unknown }) {
  return rest;
}

function ms(time: Timestamp | undefined): number {
  return time === undefined ? Number.NaN : timestampMs(time);
}

async function pages<T>(read: (pageToken: string) => Promise<readonly [readonly T[], string]>): Promise<T[]> {
  const all: T[] = [];
  let pageToken = "";
  do {
    const [elements, next] = await read(pageToken);
    all.push(...elements);
    pageToken = next;
  } while (pageToken !== "");
  return all;
}
