import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Client, createClient } from "@connectrpc/connect";
import {
  DeviceRegistryService,
  Observation_Kind,
} from "../../../proto/gen/carillon/device/v1/device_registry_service_pb.js";
import { DeviceService } from "../../../proto/gen/carillon/device/v1/device_service_pb.js";
import { EventService } from "../../../proto/gen/carillon/ingestion/v1/event_service_pb.js";
import { createDeviceServices } from "../../../services/device/service.ts";
import { type DeviceStore, deviceDocuments } from "../../../services/device/store.ts";
import { systemClock } from "../../../services/runtime/clock.ts";
import { deviceKeyOf } from "../../../services/runtime/device-key.ts";
import type { HostedService } from "../../../services/runtime/hosted-service.ts";
import { createLocalTransport } from "../../../services/runtime/local-transport.ts";
import { createLogger } from "../../../services/runtime/log.ts";
import { openMongodb } from "../../../services/storage/mongodb-database.ts";
import { mongodbVersionedDocuments } from "../../../services/storage/mongodb-versioned-documents.ts";
import { openSqliteDatabase } from "../../../services/storage/sqlite-database.ts";
import { sqliteVersionedDocuments } from "../../../services/storage/sqlite-versioned-documents.ts";

/** Time stands still; a pause is a turn of the event loop. */
const clock = { now: () => Date.UTC(2026, 0, 1), sleep: () => systemClock.sleep(0) };
const log = createLogger({ name: "device-test", level: "silent" });

export interface OpenStore {
  readonly store: DeviceStore;
  /** Whether two updates of one document at once are kept apart, as MongoDB promises and FerretDB 1 does not. */
  readonly atomicUpdates: boolean;
  close(): Promise<void>;
}

const mongodbUrls = (process.env.CARILLON_TEST_MONGODB_URL ?? "").split(",").filter((url) => url !== "");
if (mongodbUrls.length === 0) {
  process.stderr.write("devices on MongoDB skipped: set CARILLON_TEST_MONGODB_URL, as in mongodb://127.0.0.1:27017\n");
}

/** Every store that can be had here; each opening is an empty one. */
export const engines: readonly { readonly name: string; open(): Promise<OpenStore> }[] = [
  { name: "SQLite", open: openSqlite },
  ...mongodbUrls.map((url) => ({ name: `MongoDB at ${new URL(url).host}`, open: () => openOn(url) })),
];

async function openSqlite(): Promise<OpenStore> {
  const folder = await mkdtemp(join(tmpdir(), "carillon-device-"));
  const database = await openSqliteDatabase({ file: join(folder, "device.sqlite") });
  return {
    store: await sqliteVersionedDocuments(database, deviceDocuments, clock),
    atomicUpdates: true,
    async close() {
      await database.close();
      await rm(folder, { recursive: true });
    },
  };
}

async function openOn(url: string): Promise<OpenStore> {
  const named = new URL(url);
  named.pathname = `/device_${randomUUID().replaceAll("-", "")}`;
  const database = await openMongodb(named.href);
  const server = await database.db.command({ buildInfo: 1 });
  return {
    store: await mongodbVersionedDocuments(database, deviceDocuments, clock),
    atomicUpdates: !("ferretdbVersion" in server),
    async close() {
      await database.db.dropDatabase();
      await database.close();
    },
  };
}

export interface DeviceClients {
  readonly registry: Client<typeof DeviceRegistryService>;
  readonly devices: Client<typeof DeviceService>;
}

/** One process's device service over a store; `others` has the events that it asks for. */
export function deviceProcess(
  store: DeviceStore,
  options: { readonly others?: readonly HostedService[] } = {},
): DeviceClients {
  const events = createClient(EventService, createLocalTransport(options.others ?? [], { log }));
  const services = createDeviceServices({ store, recentBytes: 1_000_000, clock, random: () => 0.5, events });
  const transport = createLocalTransport(services, { log });
  return { registry: createClient(DeviceRegistryService, transport), devices: createClient(DeviceService, transport) };
}

export const app = { tenantId: "t", appId: "a" };

/** A live device event as an observation; anonymous without a user. */
export function deviceEvent(
  deviceToken: string,
  effectiveTimeMs: number,
  more: { readonly user?: string; readonly granted?: boolean; readonly appId?: string } = {},
) {
  const { user = "", granted = true, appId = app.appId } = more;
  return {
    tenantId: app.tenantId,
    appId,
    deviceKey: deviceKeyOf(deviceToken),
    deviceToken,
    kind: user === "" ? Observation_Kind.ANONYMOUS : Observation_Kind.IDENTIFIED,
    effectiveTimeMs,
    fingerprint: `${deviceToken}${effectiveTimeMs}`,
    appUserId: user,
    attributes: {
      platform: "web",
      pushPermissionGranted: granted,
      timezone: "Europe/Berlin",
      language: "de",
      country: "DE",
    },
  };
}

/** A server event by hash as an observation. */
export function hashEvent(deviceToken: string, effectiveTimeMs: number) {
  return {
    ...app,
    deviceKey: deviceKeyOf(deviceToken),
    kind: Observation_Kind.HASH,
    effectiveTimeMs,
    fingerprint: `h${effectiveTimeMs}`,
  };
}
