import type { Transport } from "@connectrpc/connect";
import { openDevice } from "../../services/device/open.ts";
import { openIdentity } from "../../services/identity/open.ts";
import { openIngestion } from "../../services/ingestion/open.ts";
import type { Clock } from "../../services/runtime/clock.ts";
import type { HostedService } from "../../services/runtime/hosted-service.ts";
import type { Logger } from "../../services/runtime/log.ts";
import type { Database } from "../../services/storage/open-database.ts";
import { openTracking } from "../../services/tracking/open.ts";

export const serviceNames = ["ingestion", "identity", "device", "tracking"] as const;
export type ServiceName = (typeof serviceNames)[number];

export interface ServiceOptions {
  readonly database: Database;
  readonly transports: Readonly<Record<ServiceName, Transport>>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly random: () => number;
  /** Names the process. */
  readonly owner: string;
}

/** What a process of a service runs. */
export interface OpenedService {
  readonly services: HostedService[];
  /** Ends the work that goes on beside the requests. */
  stop(): Promise<void>;
}

/** One instance of a service, as its process starts it, with the work that goes on beside the requests. */
export async function openService(service: ServiceName, options: ServiceOptions): Promise<OpenedService> {
  const stopping = new AbortController();
  const beside = (services: HostedService[], work: Promise<void>): OpenedService => {
    // It says itself when it fails, and then goes on: an error that leaves it is one of ours.
    work.catch((error: unknown) => {
      throw error;
    });
    return {
      services,
      stop() {
        stopping.abort();
        return work;
      },
    };
  };
  switch (service) {
    case "ingestion": {
      const ingestion = await openIngestion(options);
      ingestion.start();
      return { services: ingestion.services, stop: () => ingestion.stop() };
    }
    case "identity": {
      const identity = await openIdentity(options);
      return beside(identity.services, identity.maintain(stopping.signal));
    }
    case "device":
      return { services: await openDevice(options), stop: async () => undefined };
    case "tracking": {
      const tracking = await openTracking(options);
      return beside(tracking.services, tracking.maintain(stopping.signal));
    }
  }
}
