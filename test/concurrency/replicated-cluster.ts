import { randomUUID } from "node:crypto";
import type { Transport } from "@connectrpc/connect";
import { systemClock as clock } from "../../services/runtime/clock.ts";
import { createGrpcServer } from "../../services/runtime/grpc-server.ts";
import { createGrpcTransport, type GrpcTransport } from "../../services/runtime/grpc-transport.ts";
import { createLogger } from "../../services/runtime/log.ts";
import { type MongodbDatabase, openMongodb } from "../../services/storage/mongodb-database.ts";
import { freePorts } from "../../services/trial/free-ports.ts";
import { openService, type ServiceName, serviceNames } from "../simulation/open-service.ts";

const host = "127.0.0.1";
/** Ingestion decides most, so that there are most of it. */
const replicas: Readonly<Record<ServiceName, number>> = { ingestion: 3, identity: 2, device: 2, tracking: 2 };

/** Several instances of every service on one MongoDB database, each with connections of its own, over gRPC. */
export interface ReplicatedCluster {
  /** The way to one of a service's instances, counted round those that there are. */
  transportTo(service: ServiceName, replica: number): Transport;
  /** Problems that instances have logged. */
  readonly warnings: readonly string[];
  close(): Promise<void>;
}

/** @param mongodbServer on which a database of its own is made, and removed again */
export async function startReplicatedCluster(mongodbServer: string): Promise<ReplicatedCluster> {
  const url = new URL(mongodbServer);
  url.pathname = `/carillon_replicas_${randomUUID().slice(0, 8)}`;
  const ports = await choosePorts();
  const databases: MongodbDatabase[] = [];
  const transports: GrpcTransport[] = [];
  const stops: (() => Promise<void>)[] = [];
  const warnings: string[] = [];
  const destination = { write: (line: string) => warnings.push(line.trim()) };
  const log = createLogger({ name: "replicas", level: "warn", destination });

  function connect(to: readonly number[]): Transport {
    // gRPC's own way to name several addresses, which then share the calls.
    const transport = createGrpcTransport(`ipv4:${to.map((port) => `${host}:${port}`).join(",")}`);
    transports.push(transport);
    return transport;
  }

  async function start(service: ServiceName, port: number): Promise<void> {
    const mongodb = await openMongodb(url.href);
    databases.push(mongodb);
    const ways = serviceNames.map((name) => [name, connect(ports[name])] as const);
    const opened = await openService(service, {
      database: { engine: "mongodb", mongodb },
      transports: Object.fromEntries(ways) as Record<ServiceName, Transport>,
      clock,
      log,
      random: Math.random,
      owner: `${service} at ${port}`,
    });
    const server = createGrpcServer({ services: opened.services, log });
    await server.listen({ host, port });
    server.setServing(true);
    stops.push(async () => {
      await opened.stop();
      await server.close(1_000);
    });
  }

  // Ingestion last, because it begins at once to ask the others.
  for (const name of serviceNames.toReversed()) for (const port of ports[name]) await start(name, port);
  const direct = Object.fromEntries(serviceNames.map((name) => [name, ports[name].map((port) => connect([port]))]));
  return {
    transportTo: (service, replica) => direct[service]![replica % replicas[service]]!,
    warnings,
    async close() {
      await Promise.all(stops.map((stop) => stop()));
      for (const transport of transports) transport.close();
      await databases[0]!.db.dropDatabase();
      await Promise.all(databases.map((database) => database.close()));
    },
  };
}

async function choosePorts(): Promise<Record<ServiceName, number[]>> {
  const free = await freePorts(
    host,
    Object.values(replicas).reduce((sum, count) => sum + count, 0),
  );
  const next = (service: ServiceName) => free.splice(0, replicas[service]);
  return {
    ingestion: next("ingestion"),
    identity: next("identity"),
    device: next("device"),
    tracking: next("tracking"),
  };
}
