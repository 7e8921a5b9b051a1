import { runInBackground } from "../runtime/background-work.ts";
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
import { openIdentity } from "./open.ts";

const { deviceAddress, ingestionAddress } = serviceAddresses;

await runProcess({
  name: "identity",
  environment: process.env,
  settings: { ...listenSettings, ...storeSettings, deviceAddress, ingestionAddress },
  async start({ config, log, lifecycle }) {
    const metrics = createMetrics();
    const opened = await openDatabase({ url: config.databaseUrl, dataDir: config.dataDir, service: "identity" });
    const database = measureDatabase(opened, metrics);
    lifecycle.onStop("database", () => closeDatabase(database));
    const tls = await openTls(config.tlsDir, { clock, log, lifecycle });
    const { deviceAddress: device, ingestionAddress: ingestion } = config;
    const transports = connectTo({ device, ingestion }, { tls, lifecycle });
    const identity = await openIdentity({ database, transports, clock, log, random: Math.random });
    runInBackground(lifecycle, "maintenance", identity.maintain);
    const needs = { store: () => databaseHealthy(database) };
    const { services } = identity;
    const ports = await serveGrpc({ ...config, services, needs, tls, metrics, clock, log, lifecycle });
    log.info(ports, "identity is ready");
  },
});
