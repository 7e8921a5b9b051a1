import { createHash, randomUUID } from "node:crypto";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Code, createClient } from "@connectrpc/connect";
import { AppService } from "../../proto/gen/carillon/identity/v1/app_service_pb.js";
import { ProfileService } from "../../proto/gen/carillon/identity/v1/profile_service_pb.js";
import { EventService } from "../../proto/gen/carillon/ingestion/v1/event_service_pb.js";
import { PushService } from "../../proto/gen/carillon/tracking/v1/push_service_pb.js";
import { type OperatorApi, operatorTransport } from "../faults/state.ts";
import { shownState } from "../simulation/final-state.ts";
import { unless } from "./in-process-target.ts";
import { postJson } from "./post-json.ts";
import type { EventSketch, Target } from "./target.ts";

/** Effects follow within 1 s, or after the next sweep: on a busy machine give them 20 s. */
const PATIENCE_MS = 20_000;
const tenantId = "model";

/** An app of its own on real processes: the public endpoints over HTTP, the operator API over Connect. */
export async function processesTarget({ url, operatorToken }: OperatorApi): Promise<Target> {
  const transport = operatorTransport({ url, operatorToken });
  const created = await createClient(AppService, transport).createApp({ tenantId, name: "model" });
  const app = { tenantId, appId: created.app!.appId };
  const credentials = { tenant_id: tenantId, api_key: created.apiKey };
  const profiles = createClient(ProfileService, transport);
  const pushes = createClient(PushService, transport);
  const events = createClient(EventService, transport);
  /** A server event has no name of its own but its key. */
  const keys = new Map<EventSketch, string>();
  const fingerprints = new Map<EventSketch, string>();

  async function sendFromServer(sketch: EventSketch): Promise<string> {
    const key = keys.get(sketch) ?? randomUUID();
    keys.set(sketch, key);
    if (sketch.kind === "user") {
      const headers = { authorization: `Bearer ${created.serverKey}`, "idempotency-key": key };
      const body = { event_name: sketch.eventName, user_id: sketch.sentAppUserId };
      const { event_id: id } = await postJson(`${url}/v1/events`, { body, headers, expected: 200 });
      return String(id).slice("evt_".length);
    }
    const known = new Set(await storedFingerprints());
    const headers = { "api-key": created.serverKey, "idempotency-key": key };
    const hash = createHash("sha256").update(sketch.deviceToken).digest("hex");
    const body = { event_name: sketch.eventName, device_token_hash: hash };
    await postJson(`${url}/api/v1/events`, { body, headers, expected: 200 });
    // This surface does not answer what the event is called.
    const added = (await storedFingerprints()).find((fingerprint) => !known.has(fingerprint));
    const fingerprint = added ?? fingerprints.get(sketch);
    if (fingerprint === undefined) throw new Error("an accepted event is not listed");
    return fingerprint;
  }

  async function storedFingerprints(): Promise<string[]> {
    const { events: stored } = await events.listEvents({ ...app, pageSize: 1_000 });
    return stored.map(({ fingerprint }) => fingerprint);
  }

  async function sendFromDevice(sketch: EventSketch): Promise<string> {
    const body = {
      ...credentials,
      app_user_id: sketch.sentAppUserId,
      event_name: sketch.eventName,
      event_time: new Date(sketch.eventMs!).toISOString(),
      device_token: sketch.deviceToken,
      platform: sketch.platform,
      push_permission_granted: sketch.pushPermissionGranted,
      timezone: sketch.timezone,
      language: sketch.language,
      country: sketch.country,
      session_id: "session",
    };
    const { fingerprint } = await postJson(`${url}/events`, { body, expected: 200 });
    return String(fingerprint);
  }

  return {
    now: Date.now,
    patienceMs: PATIENCE_MS,
    async send(sketch) {
      const isDevice = sketch.kind === "device";
      const fingerprint = await (isDevice ? sendFromDevice(sketch) : sendFromServer(sketch));
      fingerprints.set(sketch, fingerprint);
      return { ...sketch, ...(!isDevice && { eventMs: undefined }), fingerprint, receivedMs: Date.now() };
    },
    async refresh({ oldToken, newToken, appUserId }) {
      const body = { ...credentials, old_token: oldToken, new_token: newToken, app_user_id: appUserId };
      const { status } = await postJson(`${url}/devices/refresh-token`, { body, expected: [200, 404, 409] });
      return status === 404 ? "unknown device" : status === 409 ? "token conflict" : "accepted";
    },
    async register({ sentMs, ...push }) {
      const registered = [{ ...push, sentTime: timestampFromMs(sentMs) }];
      const register = () => pushes.registerPushes({ ...app, pushes: registered });
      return unless(Code.AlreadyExists, "other content", register);
    },
    async report({ of, trackingToken, atMs }) {
      const askedMs = Date.now();
      if (of === "open") {
        const body = { ...credentials, tracking_token: trackingToken };
        await postJson(`${url}/pushes/opened`, { body, expected: 200 });
        const at = (ms: number) => ({ of, trackingToken, atMs: ms, receivedMs: ms });
        return { earliest: at(askedMs), latest: at(Date.now()) };
      }
      const what = of === "delivery" ? { deliveredTime: timestampFromMs(atMs) } : { invalidToken: true };
      await pushes.reportDeliveries({ ...app, reports: [{ trackingToken, ...what }] });
      const at = (receivedMs: number) =>
        of === "delivery" ? { of, trackingToken, atMs, receivedMs } : { of, trackingToken, receivedMs };
      return { earliest: at(askedMs), latest: at(Date.now()) };
    },
    setLink: (link, linked) =>
      unless(Code.NotFound, "unknown device", () =>
        linked ? profiles.relinkDevice({ ...app, ...link }) : profiles.unlinkDevice({ ...app, ...link }),
      ),
    async erase(appUserId) {
      const { $typeName: _, ...counts } = await profiles.eraseProfile({ ...app, appUserId });
      return counts;
    },
    endErasures: async () => false,
    shown: () => shownState({ transportTo: () => transport }, app),
  };
}
