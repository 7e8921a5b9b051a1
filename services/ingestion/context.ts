import type { Client } from "@connectrpc/connect";
import type { DeviceRegistryService } from "../../proto/gen/carillon/device/v1/device_registry_service_pb.js";
import type { AppService } from "../../proto/gen/carillon/identity/v1/app_service_pb.js";
import type { IdentityService } from "../../proto/gen/carillon/identity/v1/identity_service_pb.js";
import type { ProfileService } from "../../proto/gen/carillon/identity/v1/profile_service_pb.js";
import type { TrackingService } from "../../proto/gen/carillon/tracking/v1/tracking_service_pb.js";
import type { Clock } from "../runtime/clock.ts";
import type { Logger } from "../runtime/log.ts";
import type { VersionedDocuments } from "../storage/versioned-documents.ts";
import type { MergeJournal } from "./effects/merge-journal.ts";
import type { ProfileEffects } from "./effects/profile-effects.ts";
import type { Erasure } from "./erase/erasure.ts";
import type { KeyReservation } from "./idempotency.ts";
import type { Lease } from "./lease.ts";
import type { Retention } from "./retention/retention.ts";
import type { EventStore } from "./store.ts";

/** What every part of the ingestion service works with; built once. */
export interface IngestionContext {
  readonly events: EventStore;
  /** Resolves once everything that the stores have answered by now is on the disk; rejects with `StoreUnavailableError`. */
  durable(): Promise<void>;
  readonly leases: VersionedDocuments<Lease>;
  readonly idempotencyKeys: VersionedDocuments<KeyReservation>;
  readonly erasures: VersionedDocuments<Erasure>;
  readonly retentions: VersionedDocuments<Retention>;
  readonly devices: Client<typeof DeviceRegistryService>;
  readonly pushes: Client<typeof TrackingService>;
  readonly profiles: Client<typeof ProfileService>;
  readonly identity: Client<typeof IdentityService>;
  /** For what operators set of apps. */
  readonly apps: Client<typeof AppService>;
  readonly profileEffects: ProfileEffects;
  readonly journal: MergeJournal;
  readonly clock: Clock;
  readonly log: Logger;
}
