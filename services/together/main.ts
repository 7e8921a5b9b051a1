/** The thread of the four services when everything is one process; started by services-thread.ts. */
import { randomUUID } from "node:crypto";
import process from "node:process";
import { parentPort, workerData } from "node:worker_threads";
import type { Transport } from "@connectrpc/connect";
import { Registry } from "prom-client";
import { IngestionService } from "../../proto/gen/carillon/ingestion/v1/ingestion_service_pb.js";
import { openDevice } from "../device/open.ts";
import { openDemoCredentials } from "../identity/apps/demo-credentials.ts";
import { openIdentity } from "../identity/open.ts";
import { measureIngestion } from "../ingestion/measure-ingestion.ts";
import { openIngestion } from "../ingestion/open.ts";
import { runInBackground } from "../runtime/background-work.ts";
import { systemClock as clock } from "../runtime/clock.ts";
import { demoCredentialsFile } from "../runtime/demo-credentials-file.ts";
import { createGrpcServer } from "../runtime/grpc-server.ts";
import { watchHealth } from "../runtime/health.ts";
import { answeringAfter } from "../runtime/hosted-service.ts";
import { createLifecycle } from "../runtime/lifecycle.ts";
import { createLocalTransport } from "../runtime/local-transport.ts";
import { createLogger } from "../runtime/log.ts";
import { processOutput } from "../runtime/log-output.ts";
import { measureCalls } from "../runtime/measure-calls.ts";
import { serveThread } from "../runtime/thread-server.ts";
import { openTls } from "../runtime/tls.ts";
import { traceCalls } from "../runtime/trace-calls.ts";
import { startTracing, tracing } from "../runtime/tracing.ts";
import { measureDatabase } from "../storage/measure-database.ts";
import { closeDatabase, databaseHealthy, openCommonDatabase, syncDatabase } from "../storage/open-database.ts";
import { openTracking } from "../tracking/open.ts";
import type { ControlRequest, ControlResponse, ServicesSettings } from "./control-messages.ts";

/** Milliseconds that running gRPC calls may take to end when the process stops. */
const GRPC_DRAIN_MS = 2_000;

if (parentPort === null) throw new Error("the services run in a thread of the process that is started by npm start");
const control = parentPort;
const settings = workerData as ServicesSettings;
const log = createLogger({ name: "carillon", level: settings.logLevel, destination: processOutput() });
const lifecycle = createLifecycle(log);
const tell = (response: ControlResponse) => control.postMessage(response);

try {
  await start();
} catch (error) {
  await lifecycle.stop();
  throw error;
}

async function start(): Promise<void> {
  await startTracing("carillon", { environment: process.env, lifecycle });
  const metrics = new Registry();
  const opened = await openCommonDatabase({ url: settings.databaseUrl, dataDir: settings.dataDir });
  const database = measureDatabase(opened, metrics);
  lifecycle.onStop("database", () => closeDatabase(database));

  // The services call each other, so each is given the way to all of them before all of them are there.
  let local: Transport | undefined;
  const reachable = (): Transport => {
    if (local === undefined) throw new Error("a service was called before all services were open");
    return local;
  };
  const transport: Transport = {
    unary: (...call) => reachable().unary(...call),
    stream: (...call) => reachable().stream(...call),
  };
  const transports = { ingestion: transport, identity: transport, device: transport, tracking: transport };
  const [ingestion, identity, device, tracking] = await Promise.all([
    openIngestion({ database, transports, clock, log, owner: randomUUID() }),
    openIdentity({ database, transports, clock, log, random: Math.random }),
    openDevice({ database, transports, clock, log, random: Math.random }),
    openTracking({ database, transports, clock, log, random: Math.random }),
  ]);
  const ingestionServices = measureIngestion(ingestion, { registry: metrics, clock });
  const services = [...ingestionServices, ...identity.services, ...device, ...tracking.services].map(
    measureCalls(metrics),
  );
  local = createLocalTransport(services, { log });
  // Among themselves the services go on at once; what is told outside is on the disk first (decision 0010). For new events
  // ingestion sees to that itself.
  const durable = services.map((service) =>
    answeringAfter(service, () => syncDatabase(database), { except: [IngestionService.method.ingestEvents] }),
  );
  const trace = tracing();
  const hosted = trace === undefined ? durable : durable.map(traceCalls(trace));
  lifecycle.onStop("effects", () => ingestion.stop());
  ingestion.start();
  runInBackground(lifecycle, "maintenance of identity", identity.maintain);
  runInBackground(lifecycle, "maintenance of tracking", tracking.maintain);

  const { dataDir, host, operatorToken } = settings;
  const file = demoCredentialsFile(dataDir);
  const credentials = await openDemoCredentials({ store: identity.store, clock, file, operatorToken });
  const tls = await openTls(settings.tlsDir, { clock, log, lifecycle });
  const grpcServer = createGrpcServer({ services: hosted, log, tls });
  const grpcPort = await grpcServer.listen({ host, port: settings.grpcPort });
  lifecycle.onStop("gRPC", () => grpcServer.close(GRPC_DRAIN_MS));
  lifecycle.onStop("tails", ingestion.endTails);
  const health = await watchHealth({
    needs: { store: () => databaseHealthy(database) },
    report(ready) {
      tell({ kind: "ready", ready });
      grpcServer.setServing(ready);
    },
    clock,
    log,
  });
  lifecycle.onStop("health", health.stop);
  serveThread(settings.calls, hosted, log);
  control.on("message", (request: ControlRequest) => {
    if (request.kind === "stop") void lifecycle.stop().then((well) => tell({ kind: "stopped", well }));
    else
      metrics.metrics().then(
        (text) => request.answer.postMessage(text),
        (error: unknown) => {
          log.error({ err: error }, "could not read the metrics");
          request.answer.postMessage("");
        },
      );
  });
  tell({ kind: "started", grpcPort, credentials });
}
