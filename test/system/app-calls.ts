import { createHash } from "node:crypto";
import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import {
  EventKind,
  type IncomingEvent,
  IncomingEventSchema,
  EventVerdict_Outcome as Outcome,
} from "../../proto/gen/carillon/ingestion/v1/ingestion_service_pb.js";
import type { System } from "./system.ts";

/** An event as a test writes it. */
export interface EventSketch {
  /** Milliseconds since 1970. */
  readonly atMs: number;
  /** Token, or for a server event the token whose hash it names. */
  readonly device: string;
  /** Nobody by default. */
  readonly user?: string;
  /** `seen` by default. */
  readonly name?: string;
  /** Server event that names the device by a hash. */
  readonly byHash?: boolean;
  /** Receipt; the time of the event by default. */
  readonly receivedMs?: number;
  readonly params?: object;
}

let apps = 0;

/** The calls of one app that no other test uses, and that identity does not know. */
export function newApp(system: System) {
  apps += 1;
  return callsOf(system, { tenantId: "acme", appId: `app_${apps}` });
}

/** The calls of an app. */
export function callsOf(system: System, app: { readonly tenantId: string; readonly appId: string }) {
  function event(sketch: EventSketch): IncomingEvent {
    const { atMs, device, user = "", name = "seen", byHash = false, receivedMs = atMs, params = {} } = sketch;
    const fingerprint = sha256(JSON.stringify([app.appId, atMs, device, user, name, byHash]));
    const onDevice = byHash
      ? { kind: EventKind.DEVICE_HASH }
      : {
          kind: EventKind.DEVICE,
          deviceToken: device,
          platform: "ios",
          pushPermissionGranted: true,
          timezone: "Europe/Berlin",
          language: "de",
          country: "DE",
        };
    return create(IncomingEventSchema, {
      ...app,
      ...onDevice,
      fingerprint,
      sentAppUserId: user,
      eventName: name,
      eventTime: new Date(atMs).toISOString(),
      eventTimeMs: atMs,
      receivedTimeMs: receivedMs,
      deviceKey: sha256(device),
      paramsJson: JSON.stringify(params),
      contextJson: "{}",
      surface: "smartapppush",
    });
  }

  return {
    app,
    event,
    /** Ingests one event after another, all of whose effects are to be applied then; answers their fingerprints. */
    async ingest(...sketches: readonly EventSketch[]): Promise<string[]> {
      const fingerprints: string[] = [];
      for (const sketch of sketches) {
        const sent = event(sketch);
        const { verdicts } = await system.ingestion.ingestEvents({ events: [sent] });
        if (verdicts[0]?.outcome === Outcome.UNSPECIFIED) throw new Error("an event was not stored");
        fingerprints.push(sent.fingerprint);
      }
      return fingerprints;
    },
    /** Registers a push to the anonymous owner of a device, or to a user. */
    async push({ atMs, device, user = `anon:${device}` }: EventSketch): Promise<string> {
      const sentTime = timestampFromMs(atMs);
      const push = { appUserId: user, deviceToken: device, sentTime, senderIds: { campaign: "autumn", device } };
      const { pushes } = await system.pushes.registerPushes({ ...app, pushes: [push] });
      return pushes[0]!.trackingToken;
    },
    refresh: (oldToken: string, newToken: string, receivedTimeMs: number) =>
      system.ingestion.refreshToken({ ...app, oldToken, newToken, receivedTimeMs }),
    async merges(filter: { readonly appUserId?: string; readonly deviceToken?: string } = {}) {
      const { merges } = await system.profiles.listMerges({ ...app, ...filter });
      return merges.map(({ $typeName: _, time, ...merge }) => ({ ...merge, atMs: Number(time?.seconds) * 1_000 }));
    },
    /** Users whom the events are attributed to, by fingerprint. */
    async attributions(): Promise<Record<string, string>> {
      const { events } = await system.events.listEvents({ ...app, pageSize: 1_000 });
      return Object.fromEntries(events.map(({ fingerprint, appUserId }) => [fingerprint, appUserId]));
    },
    async profiles(): Promise<string[]> {
      const { profiles } = await system.profiles.listProfiles(app);
      return profiles.map(({ appUserId }) => appUserId);
    },
    async owner(deviceToken: string): Promise<string | undefined> {
      const { device } = await system.devices.getDevice({ ...app, deviceToken });
      return device?.ownerAppUserId;
    },
    async pushesOf(appUserId: string): Promise<string[]> {
      const { pushes } = await system.pushes.listPushes({ ...app, appUserId });
      return pushes.map(({ trackingToken }) => trackingToken);
    },
    /** Everything that operators can read of the app, for comparing. */
    async state() {
      const [events, profiles, merges, devices, pushes, definitions, deliverable, campaign] = await Promise.all([
        system.events.listEvents({ ...app, pageSize: 1_000 }),
        system.profiles.listProfiles(app),
        system.profiles.listMerges(app),
        system.devices.listDevices(app),
        system.pushes.listPushes(app),
        system.events.listEventDefinitions(app),
        system.devices.listDevices({ ...app, deliverable: true }),
        system.pushes.getPushStats({ ...app, senderIdName: "campaign", senderId: "autumn" }),
      ]);
      const ofUsers = profiles.profiles.map(async ({ appUserId }) => ({
        merges: (await system.profiles.listMerges({ ...app, appUserId })).merges,
        devices: (await system.devices.listDevices({ ...app, ownerAppUserId: appUserId })).devices,
      }));
      return {
        events: events.events.map(({ fingerprint, appUserId }) => ({ fingerprint, appUserId })),
        profiles: profiles.profiles,
        merges: merges.merges,
        devices: devices.devices,
        pushes: pushes.pushes.map(({ sentTime, appUserId, state }) => ({ sentTime, appUserId, state })),
        // System events are listed although the app never sent them.
        definitions: definitions.eventDefinitions.filter(({ firstSeenTime }) => firstSeenTime !== undefined),
        ofUsers: await Promise.all(ofUsers),
        deliverable: deliverable.devices,
        campaign,
      };
    },
  };
}

export type AppCalls = ReturnType<typeof newApp>;

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
