import { randomUUID } from "node:crypto";
import { systemClock as clock } from "../runtime/clock.ts";
import { connectTo } from "../runtime/connections.ts";
import { createMetrics } from "../runtime/metrics.ts";
import { runProcess } from "../runtime/process.ts";
import { serveGrpc } from "../runtime/serve-grpc.ts";
import { serviceAddresses } from "../runtime/service-addresses.ts";
import { listenSettings, storeSettings } from "../runtime/service-settings.ts";
import { openTls } from "../runtime/tls.ts";
import { measureDatabase } from "../storage/measure-database.ts";
import { closeDatabase, databaseHealthy, openDatabase } from "../storage/open-database.ts";
import { measureIngestion } from "./measure-ingestion.ts";
import { openIngestion } from "./open.ts";

const { deviceAddress, identityAddress, trackingAddress } = serviceAddresses;

await runProcess({
  name: "ingestion",
  environment: process.env,
  settings: { ...listenSettings, ...storeSettings, deviceAddress, identityAddress, trackingAddress },
  async start({ config, log, lifecycle }) {
    const metrics = createMetrics();
    const opened = await openDatabase({ url: config.databaseUrl, dataDir: config.dataDir, service: "ingestion" });
    const database = measureDatabase(opened, metrics);
    lifecycle.onStop("database", () => closeDatabase(database));
    const tls = await openTls(config.tlsDir, { clock, log, lifecycle });
    const addresses = {
      device: config.deviceAddress,
      identity: config.identityAddress,
      tracking: config.trackingAddress,
    };
    const transports = connectTo(addresses, { tls, lifecycle });
    const ingestion = await openIngestion({ database, transports, clock, log, owner: randomUUID() });
    lifecycle.onStop("effects", () => ingestion.stop());
    const services = measureIngestion(ingestion, { registry: metrics, clock });
    const needs = { store: () => databaseHealthy(database) };
    const ports = await serveGrpc({ ...config, services, needs, tls, metrics, clock, log, lifecycle });
    lifecycle.onStop("tails", ingestion.endTails);
    ingestion.start();
    log.info(ports, "ingestion is ready");
  },
});
