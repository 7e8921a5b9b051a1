import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import { tracing } from "../runtime/tracing.ts";
import type { MongodbDatabase } from "./mongodb-database.ts";
import type { Database } from "./open-database.ts";
import type { SqliteDatabase } from "./sqlite-database.ts";
import type { PreparedPrograms, SqliteClient, SqlitePrograms } from "./sqlite-programs.ts";
import { traceDatabase } from "./trace-database.ts";

/** Bounds in seconds: from a read of SQLite to a server that is about to be given up. */
const SECONDS = [0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Told what became of one operation. */
type Observe = (ms: number, failed: boolean) => void;
/** Whom to tell of operations of a name. */
type ObserverOf = (operation: string) => Observe;

/** The database with its operations measured, and traced where that is on: latency and failures, what waits, and connections in use. */
export function measureDatabase(opened: Database, registry: Registry): Database {
  const trace = tracing();
  const database = trace === undefined ? opened : traceDatabase(opened, trace);
  const seconds = new Histogram({
    name: "carillon_store_seconds",
    help: "Time of store operations: a SQLite program with its commit, or a MongoDB command.",
    labelNames: ["operation"],
    buckets: SECONDS,
    registers: [registry],
  });
  const failures = new Counter({
    name: "carillon_store_failures_total",
    help: "Store operations that failed.",
    labelNames: ["operation"],
    registers: [registry],
  });
  const observerOf: ObserverOf = (operation) => {
    const secondsOf = seconds.labels({ operation });
    return (ms, failed) => {
      secondsOf.observe(ms / 1000);
      if (failed) failures.inc({ operation });
    };
  };
  if (database.engine === "sqlite")
    return { engine: "sqlite", sqlite: measureSqlite(database.sqlite, observerOf, registry) };
  measureMongodb(database.mongodb, observerOf, registry);
  return database;
}

function measureSqlite(database: SqliteDatabase, observerOf: ObserverOf, registry: Registry): SqliteDatabase {
  new Gauge({
    name: "carillon_store_queue_age_seconds",
    help: "How long the oldest unanswered store operation has waited.",
    registers: [registry],
    collect() {
      this.set(database.queueAgeMs() / 1000);
    },
  });
  return {
    ...database,
    async load<P extends PreparedPrograms>(programs: SqlitePrograms<P>) {
      const client = await database.load(programs);
      const measured = Object.entries(client).map(([name, call]) => {
        const observe = observerOf(`${programs.name}.${name}`);
        return [name, (args: unknown) => timed(observe, () => (call as (args: unknown) => Promise<unknown>)(args))];
      });
      return Object.fromEntries(measured) as SqliteClient<P>;
    },
  };

  async function timed(observe: Observe, run: () => Promise<unknown>): Promise<unknown> {
    const began = performance.now();
    let failed = true;
    try {
      const answer = await run();
      failed = false;
      return answer;
    } finally {
      observe(performance.now() - began, failed);
    }
  }
}

/** Listens to what the driver reports of its commands and connections. */
function measureMongodb({ client }: MongodbDatabase, observerOf: ObserverOf, registry: Registry): void {
  const observers = new Map<string, Observe>();
  function observe(operation: string, ms: number, failed: boolean): void {
    const known = observers.get(operation) ?? observerOf(operation);
    observers.set(operation, known);
    known(ms, failed);
  }
  client.on("commandSucceeded", ({ commandName, duration }) => observe(commandName, duration, false));
  client.on("commandFailed", ({ commandName, duration }) => observe(commandName, duration, true));
  const inUse = new Gauge({
    name: "carillon_store_connections_in_use",
    help: "MongoDB connections that run an operation.",
    registers: [registry],
  });
  client.on("connectionCheckedOut", () => inUse.inc());
  client.on("connectionCheckedIn", () => inUse.dec());
}
