import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { type EraseProfileResponse, ProfileService } from "../../proto/gen/carillon/identity/v1/profile_service_pb.js";
import {
  IngestionService,
  EventVerdict_Outcome as Outcome,
  RefreshTokenResponse_Outcome as RefreshOutcome,
} from "../../proto/gen/carillon/ingestion/v1/ingestion_service_pb.js";
import { PushService } from "../../proto/gen/carillon/tracking/v1/push_service_pb.js";
import { TrackingService } from "../../proto/gen/carillon/tracking/v1/tracking_service_pb.js";
import type { Clock } from "../../services/runtime/clock.ts";
import type { Cluster } from "./cluster.ts";
import { app, incomingEvent, type Operation, otherApp, type ReportOperation } from "./operations.ts";
import type { Random } from "./random.ts";

/** What an operation came to: it is in force, or the state at the time was against it. */
export type Verdict = "accepted" | "refused";

/** A refresh that was refused because nobody knows its old token, and when that answer was asked for. */
export interface UnknownDevice {
  readonly oldToken: string;
  readonly askedMs: number;
}

/** Codes that say what the state is, not that something failed on the way. */
const refusals: ReadonlySet<Code> = new Set([
  Code.NotFound,
  Code.AlreadyExists,
  Code.FailedPrecondition,
  Code.Unimplemented,
]);

export interface SimulatedClientOptions {
  readonly cluster: Pick<Cluster, "transportTo" | "history">;
  readonly clock: Clock;
  readonly random: Random;
  /** Refusals for want of a device are noted here. */
  readonly unknownDevices: UnknownDevice[];
}

/** Asks for operations as clients do: again and again, with the same content, until there is an answer. */
export function createSimulatedClient({ cluster, clock, random, unknownDevices }: SimulatedClientOptions) {
  const ingestion = createClient(IngestionService, cluster.transportTo("ingestion"));
  const profiles = createClient(ProfileService, cluster.transportTo("identity"));
  const pushes = createClient(PushService, cluster.transportTo("tracking"));
  const tracking = createClient(TrackingService, cluster.transportTo("tracking"));

  async function attempt(operation: Operation): Promise<Verdict> {
    switch (operation.kind) {
      case "event": {
        const { verdicts } = await ingestion.ingestEvents({ events: [incomingEvent(operation.event, clock.now())] });
        const outcome = verdicts[0]?.outcome;
        if (outcome === Outcome.STORED || outcome === Outcome.DUPLICATE) return "accepted";
        throw new ConnectError("no verdict", Code.Unavailable);
      }
      case "refresh": {
        const { oldToken, newToken, appUserId } = operation;
        const askedMs = clock.now();
        const { outcome } = await ingestion.refreshToken({
          ...app,
          oldToken,
          newToken,
          appUserId,
          receivedTimeMs: clock.now(),
        });
        if (outcome === RefreshOutcome.UNKNOWN_DEVICE) unknownDevices.push({ oldToken, askedMs });
        return outcome === RefreshOutcome.ACCEPTED ? "accepted" : "refused";
      }
      case "unlink":
      case "relink": {
        const request = { ...app, deviceToken: operation.deviceToken, appUserId: operation.appUserId };
        await (operation.kind === "unlink" ? profiles.unlinkDevice(request) : profiles.relinkDevice(request));
        return "accepted";
      }
      case "push": {
        const { trackingToken, deviceToken, appUserId, sentMs } = operation;
        await pushes.registerPushes({
          ...app,
          pushes: [{ trackingToken, deviceToken, appUserId, sentTime: timestampFromMs(sentMs) }],
        });
        return "accepted";
      }
      case "report":
        await report(operation);
        return "accepted";
    }
  }

  async function report({ of, trackingToken, ofOtherApp, atMs, receivedMs }: ReportOperation): Promise<void> {
    const inApp = ofOtherApp ? otherApp : app;
    if (of === "invalid token") {
      await pushes.reportDeliveries({ ...inApp, reports: [{ trackingToken, invalidToken: true }] });
      return;
    }
    const time = of === "open" ? { openedMs: atMs } : { deliveredMs: atMs };
    await tracking.reportPushes({ reports: [{ ...inApp, trackingToken, ...time, receivedTimeMs: receivedMs }] });
  }

  /** Asks until there is an answer; undefined where the state is against it. */
  async function persist<T>(what: unknown, attempt: () => Promise<T>): Promise<T | undefined> {
    for (;;) {
      try {
        return await attempt();
      } catch (error) {
        const { code, rawMessage } = ConnectError.from(error);
        cluster.history.push(`${clock.now()} ${Code[code]} (${rawMessage}): ${JSON.stringify(what)}`);
        if (refusals.has(code)) return undefined;
        if (code !== Code.Unavailable && code !== Code.DeadlineExceeded && code !== Code.ResourceExhausted) throw error;
      }
      await clock.sleep(200 + random.below(2_000));
    }
  }

  return {
    ask: async (operation: Operation): Promise<Verdict> =>
      (await persist(operation, () => attempt(operation))) ?? "refused",
    /** Erases a user; answers the counts. */
    async erase(appUserId: string): Promise<EraseProfileResponse> {
      const counts = await persist({ erase: appUserId }, () => profiles.eraseProfile({ ...app, appUserId }));
      if (counts === undefined) throw new Error(`${appUserId} could not be erased`);
      return counts;
    },
  };
}

export type SimulatedClient = ReturnType<typeof createSimulatedClient>;
