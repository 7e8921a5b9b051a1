import { createClient, type Transport } from "@connectrpc/connect";
import { DeviceRegistryService } from "../../proto/gen/carillon/device/v1/device_registry_service_pb.js";
import { AppService } from "../../proto/gen/carillon/identity/v1/app_service_pb.js";
import { IdentityService } from "../../proto/gen/carillon/identity/v1/identity_service_pb.js";
import { ProfileService } from "../../proto/gen/carillon/identity/v1/profile_service_pb.js";
import { TrackingService } from "../../proto/gen/carillon/tracking/v1/tracking_service_pb.js";
import type { Clock } from "../runtime/clock.ts";
import type { Logger } from "../runtime/log.ts";
import { type Database, syncDatabase, versionedDocuments } from "../storage/open-database.ts";
import { prepareStore } from "../storage/store-schema.ts";
import { createMergeJournal } from "./effects/merge-journal.ts";
import { createProfileEffects } from "./effects/profile-effects.ts";
import { erasureKind } from "./erase/erasure.ts";
import { keyReservationKind } from "./idempotency.ts";
import { leaseKind } from "./lease.ts";
import { retentionKind } from "./retention/retention.ts";
import { createIngestion, type Ingestion } from "./service.ts";
import { sqliteEventStore } from "./sqlite-store.ts";
import type { EventStore } from "./store.ts";

export interface IngestionOptions {
  readonly database: Database;
  /** Ways to the services that ingestion conducts. */
  readonly transports: { readonly device: Transport; readonly identity: Transport; readonly tracking: Transport };
  readonly clock: Clock;
  readonly log: Logger;
  /** Names this process where replicas share work. */
  readonly owner: string;
}

/** The ingestion service on its database. */
export async function openIngestion({ database, transports, clock, log, owner }: IngestionOptions): Promise<Ingestion> {
  const kinds = [keyReservationKind, erasureKind, retentionKind];
  await prepareStore(database, { service: "ingestion", kinds, clock, log });
  const events = await eventStore(database);
  const leases = await versionedDocuments(database, leaseKind, clock);
  const idempotencyKeys = await versionedDocuments(database, keyReservationKind, clock);
  const erasures = await versionedDocuments(database, erasureKind, clock);
  const retentions = await versionedDocuments(database, retentionKind, clock);
  const identity = createClient(IdentityService, transports.identity);
  const pushes = createClient(TrackingService, transports.tracking);
  return createIngestion(
    {
      events,
      durable: () => syncDatabase(database),
      leases,
      idempotencyKeys,
      erasures,
      retentions,
      apps: createClient(AppService, transports.identity),
      devices: createClient(DeviceRegistryService, transports.device),
      pushes,
      profiles: createClient(ProfileService, transports.identity),
      identity,
      profileEffects: createProfileEffects({ events, profiles: identity }),
      journal: createMergeJournal({ events, profiles: identity, pushes }),
      clock,
      log,
    },
    owner,
  );
}

/** MongoDB's is loaded only where it is used, see open-database.ts. */
async function eventStore(database: Database): Promise<EventStore> {
  if (database.engine === "sqlite") return sqliteEventStore(database.sqlite);
  const { mongodbEventStore } = await import("./mongodb-store.ts");
  return mongodbEventStore(database.mongodb);
}
