import { hash } from "node:crypto";
import process from "node:process";
import { create } from "@bufbuild/protobuf";
import type { CommandStartedEvent } from "mongodb";
import {
  EventKind,
  type IncomingEvent,
  IncomingEventSchema,
} from "../../../proto/gen/carillon/ingestion/v1/ingestion_service_pb.js";
import { type MongodbDatabase, openMongodb } from "../../../services/storage/mongodb-database.ts";
import { type Bench, median, row, type SectionResult } from "../results.ts";
import { bareLoop } from "../systems/mongodb-bare-loop.ts";
import { type MongodbServices, openMongodbServices } from "../systems/mongodb-services.ts";

const SIZES = [16, 64, 256];
/** Batches of one size whose commands are counted. */
const COUNTED = 5;
/** Devices and users, known before anything is counted. */
const DEVICES = 2_000;
const BATCH = 64;
const AT_ONCE = 4;

/** Commands a steady batch takes over all services, and throughput against a loop that only talks to the driver. */
export async function mongodb(bench: Bench): Promise<SectionResult> {
  const url = process.env.CARILLON_TEST_MONGODB_URL?.split(",")[0];
  if (url === undefined) {
    return { measured: {}, rows: [{ what: "skipped: CARILLON_TEST_MONGODB_URL is not set", value: "" }] };
  }
  const name = `bench_${process.pid}`;
  const database = await openMongodb(withName(url, name), { monitorCommands: true });
  const bareDatabase = await openMongodb(withName(url, `${name}_bare`));
  const services = await openMongodbServices(database);
  try {
    for (let from = 0; from < DEVICES; from += BATCH) await services.ingest(steadyBatch(BATCH, from));
    const commands = await countCommands(database, services, bench);
    const ratios: number[] = [];
    const bare = await bareLoop(bareDatabase);
    for (let from = 0; from < DEVICES; from += BATCH) await bare(steadyBatch(BATCH, from));
    for (let round = 1; round <= bench.options.rounds; round++) {
      const loop = await eventsPerSecond(bare, bench.options.seconds);
      const ours = await eventsPerSecond(services.ingest, bench.options.seconds);
      ratios.push(ours / loop);
      bench.say(`round ${round}  ${Math.round(ours)} events/s, the bare loop ${Math.round(loop)}`);
    }
    return {
      measured: { commands, ratios },
      rows: [
        ...commands.map(({ size, perBatch }) => row(`commands, batch of ${size}`, perBatch, { digits: 1, atMost: 8 })),
        row("events/s / bare loop over the driver", median(ratios), { atLeast: 0.7 }),
      ],
    };
  } finally {
    await services.close();
    for (const { db, close } of [database, bareDatabase]) {
      await db.dropDatabase();
      await close();
    }
  }
}

async function countCommands(database: MongodbDatabase, services: MongodbServices, { say }: Bench) {
  let names: string[] = [];
  database.client.on("commandStarted", ({ commandName }: CommandStartedEvent) => names.push(commandName));
  const counted = [];
  for (const size of SIZES) {
    names = [];
    for (let batch = 0; batch < COUNTED; batch++) await services.ingest(steadyBatch(size, batch * size));
    say(`batches of ${size}: ${names.slice(0, names.length / COUNTED).join(" ")}`);
    counted.push({ size, perBatch: names.length / COUNTED });
  }
  return counted;
}

async function eventsPerSecond(ingest: (events: IncomingEvent[]) => Promise<void>, seconds: number): Promise<number> {
  const since = performance.now();
  const isOver = () => performance.now() - since > seconds * 1_000;
  let events = 0;
  const devicesOfLane = DEVICES / AT_ONCE;
  // Each lane has devices of its own: the bare loop does not repeat an update that another one was faster than.
  const worker = async (lane: number) => {
    for (let batch = 0; !isOver(); batch++) {
      await ingest(steadyBatch(BATCH, lane * devicesOfLane + ((batch * BATCH) % (devicesOfLane - BATCH))));
      events += BATCH;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, (_, lane) => worker(lane)));
  return (events / (performance.now() - since)) * 1_000;
}

let sent = 0;

/** New events of users and devices that are known, each of another one. */
function steadyBatch(size: number, from: number): IncomingEvent[] {
  return Array.from({ length: size }, (_, i) => {
    const device = (from + i) % DEVICES;
    sent += 1;
    const nowMs = Date.now();
    const deviceToken = `device-${device}-onesignal-subscription`;
    return create(IncomingEventSchema, {
      tenantId: "bench",
      appId: "app",
      fingerprint: hash("sha256", `${process.pid} ${nowMs} ${sent}`, "hex"),
      kind: EventKind.DEVICE,
      sentAppUserId: `user_${device}`,
      eventName: `event_${sent % 12}`,
      eventTime: new Date(nowMs).toISOString(),
      eventTimeMs: nowMs,
      receivedTimeMs: nowMs,
      deviceToken,
      deviceKey: hash("sha256", deviceToken, "hex"),
      platform: "android",
      pushPermissionGranted: true,
      timezone: "Europe/Istanbul",
      language: "tr",
      country: "TR",
      sessionId: `sess_${sent >> 4}`,
      paramsJson: `{"product_id":"SKU-${sent}","amount":49.99,"currency":"USD"}`,
      contextJson: "{}",
      surface: "smartapppush",
    });
  });
}

function withName(url: string, name: string): string {
  const parsed = new URL(url);
  parsed.pathname = `/${name}`;
  return parsed.href;
}
