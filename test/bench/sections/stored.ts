import { hash } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { NewEvent } from "../../../services/ingestion/event.ts";
import { sqliteEventStore } from "../../../services/ingestion/sqlite-store.ts";
import { type AppKey, appKey } from "../../../services/runtime/app-key.ts";
import { openSqliteDatabase } from "../../../services/storage/sqlite-database.ts";
import { type Bench, median, row, type SectionResult } from "../results.ts";
import { oneProcess, type System, startSystem } from "../systems/system.ts";
import { describe, measureAndStop } from "./measure.ts";

const INSERT = 5_000;
const USERS = 50_000;
const NAMES = 40;
const YEAR_MS = 365 * 86_400_000;
/** Questions whose median counts. */
const QUESTIONS = 20;

/** What many stored events cost: events a second against an empty store, a user's events, the start. */
export async function stored(bench: Bench): Promise<SectionResult> {
  const { options, say } = bench;
  const dataDir = await mkdtemp(join(tmpdir(), "carillon-bench-"));
  const empty = await startSystem(oneProcess, { dataDir });
  await empty.stop();
  await fill(dataDir, appKey({ tenantId: empty.app.tenantId, appId: empty.appId }), bench);
  const speeds: { empty: number[]; full: number[] } = { empty: [], full: [] };
  const starts: number[] = [];
  const listMs: number[] = [];
  for (let round = 1; round <= options.rounds; round++) {
    const full = await startSystem(oneProcess, { dataDir });
    starts.push(full.startMs);
    listMs.push(await timeOfList(full));
    const onFull = await measureAndStop(bench, full);
    const fresh = await startSystem(oneProcess);
    const onEmpty = await measureAndStop(bench, fresh);
    await fresh.remove();
    speeds.full.push(onFull.eventsPerSecond);
    speeds.empty.push(onEmpty.eventsPerSecond);
    say(`round ${round}  ${describe("empty", onEmpty)}`);
    say(`round ${round}  ${describe("stored", onFull)}`);
  }
  await rm(dataDir, { recursive: true });
  return {
    measured: { events: options.events, speeds, starts, listMs },
    rows: [
      row("events stored beforehand", options.events, { digits: 0 }),
      row("events/s, stored / empty", median(speeds.full) / median(speeds.empty), { atLeast: 0.9 }),
      row("ListEvents of one user", median(listMs), { unit: "ms", digits: 1, atMost: 20 }),
      row("ready after", median(starts) / 1_000, { unit: "s", atMost: 5 }),
    ],
  };
}

/** Stores events through the store's own port, their effects done. */
async function fill(dataDir: string, app: AppKey, { options, say }: Bench): Promise<void> {
  const database = await openSqliteDatabase({ file: join(dataDir, "carillon.sqlite"), durability: "sync" });
  const store = await sqliteEventStore(database);
  const since = performance.now();
  const nowMs = Date.now();
  for (let from = 0; from < options.events; from += INSERT) {
    const count = Math.min(INSERT, options.events - from);
    const events = Array.from({ length: count }, (_, i) => storedEvent(app, from + i, nowMs));
    await store.insert(events);
    await store.complete(
      events.map(({ fingerprint }) => ({ fingerprint, expectedAttributionVersion: 0, attributionVersion: 0 })),
    );
  }
  await database.close();
  say(`${options.events} events stored in ${Math.round((performance.now() - since) / 1_000)} s`);
}

function storedEvent(app: AppKey, number: number, nowMs: number): NewEvent {
  const user = number % USERS;
  // In no order of time, as events of many clients arrive over a year.
  const effectiveMs = nowMs - ((number * 7_919_777) % YEAR_MS);
  const deviceToken = `stored-device-${user}-subscription`;
  return {
    app,
    fingerprint: hash("sha256", `stored ${number}`, "hex"),
    role: "identified",
    late: false,
    skewedFuture: false,
    effectiveMs,
    receivedMs: effectiveMs,
    sentAppUserId: `stored_user_${user}`,
    appUserId: `stored_user_${user}`,
    eventName: `stored_event_${number % NAMES}`,
    eventTime: new Date(effectiveMs).toISOString(),
    deviceToken,
    deviceKey: hash("sha256", deviceToken, "hex"),
    platform: "android",
    pushPermissionGranted: true,
    timezone: "Europe/Istanbul",
    language: "tr",
    country: "TR",
    sessionId: `sess_${number >> 4}`,
    paramsJson: `{"product_id":"SKU-${number}","amount":49.99,"currency":"USD"}`,
    contextJson: "{}",
    surface: "smartapppush",
    ip: "",
    userAgent: "",
  };
}

/** Milliseconds that the first page of a user's events takes over HTTP. */
async function timeOfList({ port, serverKey }: System): Promise<number> {
  const times: number[] = [];
  for (let question = 0; question < QUESTIONS; question++) {
    const since = performance.now();
    const answer = await fetch(`http://127.0.0.1:${port}/carillon.ingestion.v1.EventService/ListEvents`, {
      method: "POST",
      headers: { "Content-Type": "application/json", Authorization: `Bearer ${serverKey}` },
      body: JSON.stringify({ appUserId: `stored_user_${question * 37}`, pageSize: 100 }),
    });
    const { events = [] } = (await answer.json()) as { events?: unknown[] };
    if (events.length === 0) throw new Error(`ListEvents found nothing: ${answer.status}`);
    times.push(performance.now() - since);
  }
  return median(times);
}
