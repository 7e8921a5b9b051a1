import { type Client, createClient, type Transport } from "@connectrpc/connect";
import { DeviceRegistryService } from "../../../proto/gen/carillon/device/v1/device_registry_service_pb.js";
import { DeviceService } from "../../../proto/gen/carillon/device/v1/device_service_pb.js";
import { AppService } from "../../../proto/gen/carillon/identity/v1/app_service_pb.js";
import { IdentityService } from "../../../proto/gen/carillon/identity/v1/identity_service_pb.js";
import { ProfileService } from "../../../proto/gen/carillon/identity/v1/profile_service_pb.js";
import { EventService } from "../../../proto/gen/carillon/ingestion/v1/event_service_pb.js";
import { IngestionService } from "../../../proto/gen/carillon/ingestion/v1/ingestion_service_pb.js";
import { createIdentityServices } from "../../../services/identity/service.ts";
import type { IdentityStore } from "../../../services/identity/store.ts";
import type { Clock } from "../../../services/runtime/clock.ts";
import { createLocalTransport } from "../../../services/runtime/local-transport.ts";
import { createLogger } from "../../../services/runtime/log.ts";

export interface IdentityClients {
  readonly identity: Client<typeof IdentityService>;
  readonly profiles: Client<typeof ProfileService>;
  readonly apps: Client<typeof AppService>;
}

export interface InstanceOptions {
  readonly store: IdentityStore;
  readonly clock: Clock;
  /** Device and event services; without one, asking them is an error. */
  readonly others?: Transport;
}

const log = createLogger({ name: "identity-test", level: "silent" });

/** One process's identity service, with a memory of its own, called as other processes call it. */
export function identityInstance({
  store,
  clock,
  others = createLocalTransport([], { log }),
}: InstanceOptions): IdentityClients {
  const services = createIdentityServices({
    recentBytes: 1_000_000,
    store,
    clock,
    random: () => 0.5,
    log,
    devices: createClient(DeviceService, others),
    deviceRegistry: createClient(DeviceRegistryService, others),
    events: createClient(EventService, others),
    ingestion: createClient(IngestionService, others),
  });
  const transport = createLocalTransport(services, { log });
  return {
    identity: createClient(IdentityService, transport),
    profiles: createClient(ProfileService, transport),
    apps: createClient(AppService, transport),
  };
}
