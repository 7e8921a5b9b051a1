import { statSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { appKey } from "../../../services/runtime/app-key.ts";
import { type Bench, median, row, type SectionResult } from "../results.ts";
import { fillEvents, USERS } from "../systems/fill-events.ts";
import { oneProcess, type System, startSystem } from "../systems/system.ts";
import { describe, measureAndStop } from "./measure.ts";

/** Questions whose median counts. */
const QUESTIONS = 20;

/** What many stored events cost: events a second against an empty store, a user's events, the start. */
export async function stored(bench: Bench): Promise<SectionResult> {
  const { options, say } = bench;
  const dataDir = await mkdtemp(join(tmpdir(), "carillon-bench-"));
  const empty = await startSystem(oneProcess, { dataDir });
  await empty.stop();
  const app = appKey({ tenantId: empty.app.tenantId, appId: empty.appId });
  fillEvents(dataDir, { app, events: options.events, say });
  const bytes = statSync(join(dataDir, "carillon.sqlite")).size;
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
    measured: { events: options.events, bytes, speeds, starts, listMs },
    rows: [
      row("events stored beforehand", options.events, { digits: 0 }),
      row("bytes on disk an event", bytes / options.events, { digits: 0 }),
      row("events/s, stored / empty", median(speeds.full) / median(speeds.empty), { atLeast: 0.9 }),
      row("ListEvents of one user", median(listMs), { unit: "ms", digits: 1, atMost: 20 }),
      row("ready after", median(starts) / 1_000, { unit: "s", atMost: 5 }),
    ],
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
      body: JSON.stringify({ appUserId: `stored_user_${(question * 37) % USERS}`, pageSize: 100 }),
    });
    const { events = [] } = (await answer.json()) as { events?: unknown[] };
    if (events.length === 0) throw new Error(`ListEvents found nothing: ${answer.status}`);
    times.push(performance.now() - since);
  }
  return median(times);
}
