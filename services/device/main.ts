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
import { openDevice } from "./open.ts";

const { ingestionAddress } = serviceAddresses;

await runProcess({
  name: "device",
  environment: process.env,
  settings: { ...listenSettings, ...storeSettings, ingestionAddress },
  async start({ config, log, lifecycle }) {
    const metrics = createMetrics();
    const opened = await openDatabase({ url: config.databaseUrl, dataDir: config.dataDir, service: "device" });
    const database = measureDatabase(opened, metrics);
    lifecycle.onStop("database", () => closeDatabase(database));
    const tls = await openTls(config.tlsDir, { clock, log, lifecycle });
    const transports = connectTo({ ingestion: config.ingestionAddress }, { tls, lifecycle });
    const services = await openDevice({ database, transports, clock, log, random: Math.random });
    const needs = { store: () => databaseHealthy(database) };
    const ports = await serveGrpc({ ...config, services, needs, tls, metrics, clock, log, lifecycle });
    log.info(ports, "device is ready");
  },
});
