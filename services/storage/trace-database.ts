import type { Span } from "@opentelemetry/api";
import type { MongoClient } from "mongodb";
import { endingWith, type Tracing } from "../runtime/tracing.ts";
import type { Database } from "./open-database.ts";
import type { SqliteDatabase } from "./sqlite-database.ts";
import type { PreparedPrograms, SqliteClient, SqlitePrograms } from "./sqlite-programs.ts";

/** The database with its operations as spans of the trace that they belong to; what background work does is not traced. */
export function traceDatabase(database: Database, tracing: Tracing): Database {
  if (database.engine === "sqlite") return { engine: "sqlite", sqlite: traceSqlite(database.sqlite, tracing) };
  traceMongodb(database.mongodb.client, tracing);
  return database;
}

/** A span is a program with the commit that it waits for. */
function traceSqlite(database: SqliteDatabase, tracing: Tracing): SqliteDatabase {
  const { api, tracer } = tracing;
  return {
    ...database,
    async load<P extends PreparedPrograms>(programs: SqlitePrograms<P>) {
      const client = await database.load(programs);
      const traced = Object.entries(client).map(([name, call]) => {
        const run = call as (args: unknown) => Promise<unknown>;
        const options = {
          kind: api.SpanKind.CLIENT,
          attributes: { "db.system.name": "sqlite", "db.operation.name": name },
        };
        const spanned = (args: unknown) => {
          if (api.trace.getActiveSpan() === undefined) return run(args);
          return endingWith(tracer.startSpan(`${programs.name}.${name}`, options), tracing, run(args));
        };
        return [name, spanned];
      });
      return Object.fromEntries(traced) as SqliteClient<P>;
    },
  };
}

/** A span is a command, as the driver reports it. */
function traceMongodb(client: MongoClient, { api, tracer }: Tracing): void {
  const spans = new Map<number, Span>();
  client.on("commandStarted", ({ requestId, commandName, databaseName, command }) => {
    if (api.trace.getActiveSpan() === undefined) return;
    const collection: unknown = command[commandName];
    const name = typeof collection === "string" ? `${commandName} ${collection}` : commandName;
    const attributes = { "db.system.name": "mongodb", "db.operation.name": commandName, "db.namespace": databaseName };
    spans.set(requestId, tracer.startSpan(name, { kind: api.SpanKind.CLIENT, attributes }));
  });
  const end = (requestId: number, failed: boolean) => {
    const span = spans.get(requestId);
    if (span === undefined) return;
    spans.delete(requestId);
    if (failed) span.setStatus({ code: api.SpanStatusCode.ERROR });
    span.end();
  };
  client.on("commandSucceeded", ({ requestId }) => end(requestId, false));
  client.on("commandFailed", ({ requestId }) => end(requestId, true));
}
