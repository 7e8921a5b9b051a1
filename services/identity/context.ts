import type { Client } from "@connectrpc/connect";
import type { DeviceRegistryService } from "../../proto/gen/carillon/device/v1/device_registry_service_pb.js";
import type { DeviceService } from "../../proto/gen/carillon/device/v1/device_service_pb.js";
import type { EventService } from "../../proto/gen/carillon/ingestion/v1/event_service_pb.js";
import type { IngestionService } from "../../proto/gen/carillon/ingestion/v1/ingestion_service_pb.js";
import type { Clock } from "../runtime/clock.ts";
import type { Logger } from "../runtime/log.ts";
import type { RecentDocuments } from "../storage/recent-documents.ts";
import type { IdentityStore, ProfileDocument } from "./store.ts";

/** What the identity service is built from. */
export interface IdentityDependencies {
  readonly store: IdentityStore;
  /** Bound of the profiles remembered; one of a short id takes some 300 bytes. */
  readonly recentBytes: number;
  readonly clock: Clock;
  /** 0 to below 1; spreads the attempts of processes that write to the same profile. */
  readonly random: () => number;
  readonly log: Logger;
  /** The other services are asked only in operators' calls. */
  readonly devices: Client<typeof DeviceService>;
  readonly deviceRegistry: Client<typeof DeviceRegistryService>;
  readonly events: Client<typeof EventService>;
  readonly ingestion: Client<typeof IngestionService>;
}

/** What every handler of the identity service works with; built once. */
export interface IdentityContext extends IdentityDependencies {
  readonly profiles: RecentDocuments<ProfileDocument>;
}
