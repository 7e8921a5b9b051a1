/**
 * The least that a durable event can cost on this machine in one process: raw Node HTTP, JSON.parse, one SHA-256, and
 * the event's row with all its indexes through the product's own SQLite thread and group commit, synced as `npm start`
 * does, before the 200. No validation, no credentials, no log, no devices, no profiles, no attribution.
 *
 * With `CARILLON_BENCH_ROWS=all` also the other rows that Carillon writes for an event that names its user, without anything
 * that decides what they say: a device's, a profile's, and the event's mark that goes.
 */
import { hash } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { createServer, type ServerResponse } from "node:http";
import { join } from "node:path";
import process from "node:process";
import type { NewEvent } from "../../../services/ingestion/event.ts";
import { sqliteEventStore } from "../../../services/ingestion/sqlite-store.ts";
import type { AppKey } from "../../../services/runtime/app-key.ts";
import { systemClock } from "../../../services/runtime/clock.ts";
import { openSqliteDatabase } from "../../../services/storage/sqlite-database.ts";
import { sqliteVersionedDocuments } from "../../../services/storage/sqlite-versioned-documents.ts";
import type { DocumentKind } from "../../../services/storage/versioned-documents.ts";

const dataDir = process.env.CARILLON_DATA_DIR as string;
const database = await openSqliteDatabase({ file: join(dataDir, "carillon.sqlite"), durability: "sync" });
const events = await sqliteEventStore(database);
const documents = process.env.CARILLON_BENCH_ROWS === "all" ? await openDocuments() : undefined;
const app = { tenant_id: "tenant", api_key: "a-key-that-is-as-long-as-a-real-one-is", server_key: "none" };
await writeFile(join(dataDir, "demo-app.json"), JSON.stringify(app));

const server = createServer((request, response) => {
  if (request.method === "GET") {
    response.end();
    return;
  }
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  // An insert that fails ends the process, and the measurement with it.
  request.on("end", () => void accept(chunks, response));
});

async function accept(chunks: readonly Buffer[], response: ServerResponse): Promise<void> {
  const event = eventOf(Buffer.concat(chunks).toString());
  await events.insert([event]);
  const durable = database.sync();
  await documents?.write(event);
  await durable;
  const body = `{"fingerprint":"${event.fingerprint}"}`;
  response.writeHead(200, { "Content-Type": "application/json", "Content-Length": body.length });
  response.end(body);
}

/** Tables of devices and profiles with documents as large as Carillon's. */
async function openDocuments() {
  const kind = (name: string) => ({ name, fields: { owner: ({ user }: Row) => user } });
  const [devices, profiles] = await Promise.all([table(kind("devices")), table(kind("profiles"))]);
  return {
    async write(event: NewEvent): Promise<void> {
      const { fingerprint, deviceKey, deviceToken, appUserId: user, effectiveMs, platform, timezone, language } = event;
      const seen = { user, fingerprint, effectiveMs, platform, timezone, language, country: event.country };
      const device = { ...seen, deviceKey, deviceToken, latest: seen, tokens: [deviceToken] };
      await Promise.all([devices(deviceKey, device), profiles(user, seen)]);
      const mark = { fingerprint, expectedAttributionVersion: 0, attributionVersion: 0 };
      await events.complete([mark]);
    },
  };
}

/** A document, of whose fields this one is filed. */
interface Row {
  readonly user: string;
}

/** Writes a document over the one before; what is written of one key at the same time counts once. */
async function table(kind: DocumentKind<Row>): Promise<(key: string, row: Row) => Promise<void>> {
  const stored = await sqliteVersionedDocuments(database, kind, systemClock);
  const versions = new Map<string, number>();
  return async (key, value) => {
    const [version] = await stored.save([{ key: `tenant/app/${key}`, expectedVersion: versions.get(key) ?? 0, value }]);
    if (typeof version === "number") versions.set(key, version);
  };
}

function eventOf(text: string): NewEvent {
  const sent = JSON.parse(text);
  const user: string = sent.app_user_id ?? "";
  const nowMs = Date.now();
  return {
    app: "tenant/app" as AppKey,
    // In place of the canonical form; the body identifies the event just as well here.
    fingerprint: hash("sha256", text, "hex"),
    role: user === "" ? "anonymous" : "identified",
    late: false,
    skewedFuture: false,
    effectiveMs: nowMs,
    receivedMs: nowMs,
    sentAppUserId: user,
    appUserId: user === "" ? `anon:${sent.device_token}` : user,
    eventName: sent.event_name,
    eventTime: sent.event_time,
    deviceToken: sent.device_token,
    deviceKey: hash("sha256", sent.device_token, "hex"),
    platform: sent.platform,
    pushPermissionGranted: sent.push_permission_granted,
    timezone: sent.timezone,
    language: sent.language,
    country: sent.country,
    sessionId: sent.session_id,
    paramsJson: JSON.stringify(sent.params),
    contextJson: "{}",
    surface: "smartapppush",
    ip: "",
    userAgent: "",
  };
}

server.listen(Number(process.env.CARILLON_HTTP_PORT), "127.0.0.1");
process.on("SIGTERM", async () => {
  server.close();
  server.closeAllConnections();
  await database.close();
  process.exit(0);
});
