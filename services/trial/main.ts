import process from "node:process";
import { fileURLToPath } from "node:url";
import { gatewaySettings } from "../../gateway/config.ts";
import { readyMessage } from "../../gateway/ready-message.ts";
import { openDemoCredentials } from "../identity/apps/demo-credentials.ts";
import { identityKinds, openIdentityStore } from "../identity/store.ts";
import { systemClock as clock } from "../runtime/clock.ts";
import { type Config, optional } from "../runtime/config.ts";
import { secret } from "../runtime/config-fields.ts";
import { type DemoCredentials, demoCredentialsFile } from "../runtime/demo-credentials-file.ts";
import type { Logger } from "../runtime/log.ts";
import { type RunningProcess, runProcess } from "../runtime/process.ts";
import { serviceAddresses } from "../runtime/service-addresses.ts";
import { listenSettings, storeSettings } from "../runtime/service-settings.ts";
import { urlHost } from "../runtime/url-host.ts";
import { closeDatabase, openDatabase, versionedDocuments } from "../storage/open-database.ts";
import { prepareStore } from "../storage/store-schema.ts";
import { runChild } from "./child-process.ts";
import { freePorts } from "./free-ports.ts";

/** How often the gateway is asked whether it is ready, and how often in all: 20 s. */
const ASK_EVERY_MS = 50;
const ASK_TIMES = 400;
/** A process that ended by itself is started again after this long, so many times within so long at most. */
const RESTART_AFTER_MS = 500;
const MOST_RESTARTS = 5;
const RESTARTS_WITHIN_MS = 60_000;
/** The services in the order of their ports. They stop in this order too, so that ingestion still finds the others. */
const services = ["ingestion", "identity", "device", "tracking"] as const;

const settings = {
  ...listenSettings,
  ...storeSettings,
  // Those that only its processes use are checked here too, so that what is wrong is told once.
  ...gatewaySettings,
  ...serviceAddresses,
  operatorToken: optional("CARILLON_OPERATOR_TOKEN", secret),
};
type TrialConfig = Config<typeof settings>;

await runProcess({ name: "trial", environment: process.env, settings, start });

/** Runs the gateway and the four services as processes of their own, as they would run in containers. */
async function start({ config, log, lifecycle }: RunningProcess<typeof settings>): Promise<void> {
  const { host, dataDir } = config;
  const credentials = await prepareCredentials(config, log);
  const ports = await choosePorts(config);
  const environment: Record<string, string | undefined> = {
    ...process.env,
    CARILLON_OPERATOR_TOKEN: credentials.operatorToken,
  };
  for (const [i, name] of services.entries())
    environment[`CARILLON_${name.toUpperCase()}_ADDRESS`] = `${urlHost(host)}:${ports.grpc[i]}`;

  let isReady = false;
  function run(name: string, folder: string, own: Record<string, string>): void {
    const script = fileURLToPath(new URL(`${folder}/main.ts`, import.meta.url));
    const ends: number[] = [];
    runChild({
      name,
      script,
      environment: { ...environment, ...own },
      lifecycle,
      // As a cluster does. What cannot even start, or ends again and again, would do so for ever.
      async onUnexpectedEnd(end) {
        const now = clock.now();
        ends.push(now);
        const isLasting = !isReady || ends.filter((ms) => now - ms < RESTARTS_WITHIN_MS).length > MOST_RESTARTS;
        const next = isLasting ? "stopping the others" : "starting it again";
        process.stderr.write(`carillon: ${name} ${end}; ${next}\n`);
        if (!isLasting) return clock.sleep(RESTART_AFTER_MS);
        await lifecycle.stop();
        process.exit(1);
      },
    });
  }
  for (const [i, name] of [...services.entries()].reverse()) {
    run(name, `../${name}`, { CARILLON_GRPC_PORT: `${ports.grpc[i]}`, CARILLON_METRICS_PORT: `${ports.metrics[i]}` });
  }
  run("gateway", "../../gateway", {
    CARILLON_HTTP_PORT: `${ports.http}`,
    CARILLON_METRICS_PORT: `${ports.metrics.at(-1)}`,
  });
  await untilReady(`http://${urlHost(host)}:${ports.http}/readyz`);
  isReady = true;
  const [grpcPort, metricsPort] = [ports.grpc[0] as number, ports.metrics[0] as number];
  process.stdout.write(
    readyMessage({
      host,
      httpPort: ports.http,
      grpcPort,
      metricsPort,
      dataDir,
      app: credentials.app,
      now: clock.now(),
    }),
  );
}

/** The demo app has to be there before identity is; identity's store can be open in one process only. */
async function prepareCredentials(
  { databaseUrl, dataDir, operatorToken }: TrialConfig,
  log: Logger,
): Promise<DemoCredentials> {
  const database = await openDatabase({ url: databaseUrl, dataDir, service: "identity" });
  try {
    await prepareStore(database, { service: "identity", kinds: identityKinds, clock, log });
    const store = await openIdentityStore((kind) => versionedDocuments(database, kind, clock));
    return await openDemoCredentials({ store, clock, file: demoCredentialsFile(dataDir), operatorToken });
  } finally {
    await closeDatabase(database);
  }
}

/** Every process has to know the others' ports before they listen, so free ones are chosen here. */
async function choosePorts({ host, httpPort, grpcPort, metricsPort }: TrialConfig) {
  const processes = services.length + 1;
  requireRow({ setting: "CARILLON_GRPC_PORT", first: grpcPort, count: services.length });
  requireRow({ setting: "CARILLON_METRICS_PORT", first: metricsPort, count: processes });
  const free = await freePorts(host, 1 + services.length + processes);
  const follow = (first: number, count: number) => {
    const picked = free.splice(0, count);
    return first === 0 ? picked : picked.map((_, i) => first + i);
  };
  const [http = 0] = follow(httpPort, 1);
  return { http, grpc: follow(grpcPort, services.length), metrics: follow(metricsPort, processes) };
}

/** Throws where the last port of a row would be none. */
function requireRow({ setting, first, count }: { setting: string; first: number; count: number }): void {
  const most = 65_536 - count;
  if (first > most)
    throw new Error(`${setting} is ${first} and should be ${most} at most, as it is the first of ${count} in a row`);
}

async function untilReady(url: string): Promise<void> {
  for (let asked = 0; asked < ASK_TIMES; asked++) {
    const answered = await fetch(url).then(
      (answer) => answer.ok,
      () => false,
    );
    if (answered) return;
    await clock.sleep(ASK_EVERY_MS);
  }
  throw new Error(`the processes were not ready after ${(ASK_TIMES * ASK_EVERY_MS) / 1000} s`);
}
