import { createHash } from "node:crypto";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import {
  EventVerdict_Outcome as Outcome,
  RefreshTokenResponse_Outcome as RefreshOutcome,
} from "../../proto/gen/carillon/ingestion/v1/ingestion_service_pb.js";
import { shownState } from "../simulation/final-state.ts";
import { incomingEvent } from "../simulation/operations.ts";
import type { System } from "../system/system.ts";
import type { VirtualClock } from "../system/virtual-clock.ts";
import type { PushReport } from "./accepted.ts";
import type { Target } from "./target.ts";

/** Ten seconds after an erasure its second look comes; milliseconds. */
const ERASURE_MS = 10_001;

let apps = 0;

/** An app of its own on the handlers themselves. Effects are there once a call is answered: nothing else is at work. */
export function inProcessTarget(system: System, clock: VirtualClock): Target {
  apps += 1;
  const app = { tenantId: "model", appId: `app_${apps}` };

  return {
    now: clock.now,
    patienceMs: 0,
    async send(sketch) {
      clock.advance(1);
      const fingerprint = createHash("sha256")
        .update(JSON.stringify([app, sketch]))
        .digest("hex");
      const event = { ...sketch, fingerprint };
      const { verdicts } = await system.ingestion.ingestEvents({
        events: [{ ...incomingEvent(event, clock.now()), ...app }],
      });
      if (![Outcome.STORED, Outcome.DUPLICATE].includes(verdicts[0]?.outcome ?? Outcome.UNSPECIFIED))
        throw new Error("an event was not stored");
      return { ...event, receivedMs: clock.now() };
    },
    async refresh(pair) {
      clock.advance(1);
      const { outcome } = await system.ingestion.refreshToken({ ...app, ...pair, receivedTimeMs: clock.now() });
      if (outcome === RefreshOutcome.UNKNOWN_DEVICE) return "unknown device";
      return outcome === RefreshOutcome.TOKEN_CONFLICT ? "token conflict" : "accepted";
    },
    async register({ sentMs, ...push }) {
      clock.advance(1);
      const pushes = [{ ...push, sentTime: timestampFromMs(sentMs) }];
      return unless(Code.AlreadyExists, "other content", () => system.pushes.registerPushes({ ...app, pushes }));
    },
    async report({ of, trackingToken, atMs }) {
      clock.advance(1);
      const receivedMs = clock.now();
      if (of === "invalid token") {
        await system.pushes.reportDeliveries({ ...app, reports: [{ trackingToken, invalidToken: true }] });
      } else {
        const time = of === "open" ? { openedMs: atMs } : { deliveredMs: atMs };
        const report = { ...app, trackingToken, ...time, receivedTimeMs: receivedMs };
        await system.tracking.reportPushes({ reports: [report] });
      }
      const told: PushReport =
        of === "invalid token" ? { of, trackingToken, receivedMs } : { of, trackingToken, atMs, receivedMs };
      return { earliest: told, latest: told };
    },
    async setLink(link, linked) {
      clock.advance(1);
      return unless(Code.NotFound, "unknown device", () =>
        linked ? system.profiles.relinkDevice({ ...app, ...link }) : system.profiles.unlinkDevice({ ...app, ...link }),
      );
    },
    async erase(appUserId) {
      clock.advance(1);
      const { $typeName: _, ...counts } = await system.profiles.eraseProfile({ ...app, appUserId });
      return counts;
    },
    async endErasures() {
      clock.advance(ERASURE_MS);
      await system.sweep();
      return true;
    },
    shown: () => shownState({ transportTo: () => system.transport }, app),
  };
}

/** Runs a call; the word for an expected refusal, else "accepted". */
export async function unless<T>(code: Code, refused: T, call: () => Promise<unknown>): Promise<T | "accepted"> {
  try {
    await call();
    return "accepted";
  } catch (error) {
    if (ConnectError.from(error).code === code) return refused;
    throw error;
  }
}
