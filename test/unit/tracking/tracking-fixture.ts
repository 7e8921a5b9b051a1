import { type Client, createClient } from "@connectrpc/connect";
import { PushService } from "../../../proto/gen/carillon/tracking/v1/push_service_pb.js";
import { TrackingService } from "../../../proto/gen/carillon/tracking/v1/tracking_service_pb.js";
import type { AppKey } from "../../../services/runtime/app-key.ts";
import { createLocalTransport } from "../../../services/runtime/local-transport.ts";
import { createLogger } from "../../../services/runtime/log.ts";
import type { InvalidToken, TrackingContext, UnattributedPush } from "../../../services/tracking/context.ts";
import { createTrackingServices } from "../../../services/tracking/service.ts";
import type { PushStore } from "../../../services/tracking/store.ts";
import { type OpenLedger, openSqliteLedger } from "../../contract/tracking/stores.ts";
import { type VirtualClock, virtualClock } from "../../system/virtual-clock.ts";

export const app = { tenantId: "acme", appId: "shop" };
export const startMs = Date.UTC(2026, 10, 1);

/** What a tracking service told others. */
export interface Told {
  readonly attributions: { readonly app: AppKey; readonly pushes: readonly UnattributedPush[] }[];
  readonly invalidTokens: { readonly app: AppKey; readonly tokens: readonly InvalidToken[] }[];
}

export interface TrackingInstance {
  readonly context: TrackingContext;
  readonly tracking: Client<typeof TrackingService>;
  readonly push: Client<typeof PushService>;
}

export interface TrackingFixture extends TrackingInstance {
  readonly clock: VirtualClock;
  readonly told: Told;
  /** Another process with the same ledger. */
  readonly other: TrackingInstance;
  /** What the services that tracking calls do; told of nothing while they are out. */
  outage: boolean;
  close(): Promise<void>;
}

/** Two tracking services on one real ledger. The others that they call only take note. */
export async function trackingFixture(
  open: (clock: VirtualClock) => Promise<OpenLedger> = openSqliteLedger,
): Promise<TrackingFixture> {
  const clock = virtualClock(startMs);
  const ledger = await open(clock);
  const told: Told = { attributions: [], invalidTokens: [] };
  const state = { outage: false };
  const log = createLogger({ name: "tracking", level: "silent" });

  function instance(pushes: PushStore): TrackingInstance {
    const context: TrackingContext = {
      pushes,
      clock,
      log,
      random: () => 0,
      async attributePushes(app, pushes) {
        if (state.outage) throw new Error("ingestion is out");
        told.attributions.push({ app, pushes });
      },
      async reportInvalidTokens(app, tokens) {
        if (state.outage) throw new Error("the device service is out");
        told.invalidTokens.push({ app, tokens });
      },
    };
    const transport = createLocalTransport(createTrackingServices(context), { log });
    return {
      context,
      tracking: createClient(TrackingService, transport),
      push: createClient(PushService, transport),
    };
  }

  return Object.assign(state, {
    ...instance(ledger.pushes),
    other: instance(ledger.other),
    clock,
    told,
    close: () => ledger.close(),
  });
}

/** A tracking token, different for every number. */
export function token(n: number): string {
  return `00000000-0000-4000-8000-${String(n).padStart(12, "0")}`;
}
