import { create } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { EventService } from "../../proto/gen/carillon/ingestion/v1/event_service_pb.js";
import {
  IngestionService,
  SettleDeviceResponseSchema,
} from "../../proto/gen/carillon/ingestion/v1/ingestion_service_pb.js";
import { VerificationService } from "../../proto/gen/carillon/ingestion/v1/verification_service_pb.js";
import { appKey } from "../runtime/app-key.ts";
import { type HostedService, hostedService } from "../runtime/hosted-service.ts";
import { attributePushes } from "./attribute-pushes.ts";
import type { IngestionContext } from "./context.ts";
import { createEffectsQueue } from "./effects/effects-queue.ts";
import { settleDevice } from "./effects/settle-device.ts";
import { createSweeper } from "./effects/sweeper.ts";
import { eraseProfile } from "./erase/erase-profile.ts";
import { getEvent } from "./get-event.ts";
import { expireKeys } from "./idempotency.ts";
import { ingestEvents } from "./ingest-events.ts";
import { listEventDefinitions } from "./list-event-definitions.ts";
import { listEvents } from "./list-events.ts";
import { previewEvent } from "./preview-event.ts";
import { refreshToken } from "./refresh-token.ts";
import { createRetention } from "./retention/remove-expired.ts";
import { reportRejections } from "./tail/report-rejections.ts";
import { tailEvents } from "./tail/tail-events.ts";
import { createTailHub } from "./tail/tail-hub.ts";
import { verifyApp } from "./verify/verify-app.ts";

/** The ingestion service: its handlers, and the work that goes on beside them. */
export interface Ingestion {
  readonly services: HostedService[];
  /** Begins to look for effects that were left undone. */
  start(): void;
  /** Looks once; true if there is more. Failures of stores and services are thrown. */
  sweep(): Promise<boolean>;
  /** Removes once what is older than its app keeps. Failures of stores and services are thrown. */
  removeExpired(): Promise<void>;
  /** Ends the streams of those who tail events or verify, who would keep a server from stopping. */
  endTails(): void;
  /** Finishes the effects that are under way. */
  stop(): Promise<void>;
  /** The effects that are still to come, for metrics. */
  readonly backlog: {
    /** Events that wait for their turn in this process. */
    waitingEvents(): number;
    /** Since when the longest outstanding effects are, in milliseconds since 1970; undefined where none are. */
    oldestPendingMs(): Promise<number | undefined>;
  };
}

/** @param owner names this process where replicas share work */
export function createIngestion(context: IngestionContext, owner: string): Ingestion {
  const effects = createEffectsQueue(context);
  const sweeper = createSweeper(context, owner);
  const tail = createTailHub(context.clock);
  const stopping = new AbortController();
  const retention = createRetention(context, owner);
  const ending = new AbortController();
  let sweeping: Promise<unknown> | undefined;
  return {
    services: [
      hostedService(IngestionService, {
        ingestEvents: ingestEvents(context, effects, tail),
        previewEvent: previewEvent(context),
        refreshToken: refreshToken(context),
        attributePushes: attributePushes(context),
        reportRejections: reportRejections(tail),
        eraseProfile: eraseProfile(context),
        async settleDevice(request) {
          await settleDevice(context, { app: appKey(request), deviceKey: request.deviceKey });
          return create(SettleDeviceResponseSchema);
        },
      }),
      hostedService(EventService, {
        getEvent: getEvent(context),
        listEvents: listEvents(context),
        tailEvents: tailEvents(tail, context.clock),
        listEventDefinitions: listEventDefinitions(context),
      }),
      hostedService(VerificationService, { verifyApp: verifyApp(context, ending.signal) }),
    ],
    start() {
      sweeping ??= Promise.all([
        sweeper.run(stopping.signal),
        expireKeys(context, stopping.signal),
        retention.run(stopping.signal),
      ]);
    },
    sweep: () => sweeper.sweep(),
    removeExpired: () => retention.removeExpired(stopping.signal),
    endTails() {
      tail.close();
      ending.abort(new ConnectError("the process stops; verify again", Code.Unavailable));
    },
    async stop() {
      stopping.abort();
      await sweeping;
      await effects.drained();
    },
    backlog: {
      waitingEvents: () => effects.length,
      oldestPendingMs: () => context.events.oldestPendingMs(),
    },
  };
}
