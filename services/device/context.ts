import type { Client } from "@connectrpc/connect";
import type { EventService } from "../../proto/gen/carillon/ingestion/v1/event_service_pb.js";
import type { Clock } from "../runtime/clock.ts";
import type { RecentDocuments } from "../storage/recent-documents.ts";
import type { DeviceDocument, DeviceStore } from "./store.ts";

/** What the device service is built from. */
export interface DeviceServiceOptions {
  readonly store: DeviceStore;
  /** Bound of the devices remembered; one of one token takes some 600 bytes. */
  readonly recentBytes: number;
  readonly clock: Clock;
  /** At least 0 and less than 1, as `Math.random`. */
  readonly random: () => number;
  /** Asked only where an operator has the devices of a user explained. */
  readonly events: Client<typeof EventService>;
}

/** What every handler works with; built once. */
export interface DeviceContext extends Omit<DeviceServiceOptions, "recentBytes"> {
  readonly store: RecentDocuments<DeviceDocument>;
}
