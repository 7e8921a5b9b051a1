import type { Transport } from "@connectrpc/connect";
import { deviceDocuments } from "../../services/device/store.ts";
import { createLogger } from "../../services/runtime/log.ts";
import type { Database } from "../../services/storage/open-database.ts";
import { sqliteVersionedDocuments } from "../../services/storage/sqlite-versioned-documents.ts";
import { type Endpoint, endpoint, type NetworkFaults, simulatedTransport } from "./network.ts";
import { openService, type ServiceName, serviceNames } from "./open-service.ts";
import type { Random } from "./random.ts";
import { createDisk, type Disk, type StoreFaults, simulatedDatabase } from "./simulated-database.ts";
import type { Life, VirtualTime } from "./virtual-time.ts";

/** How badly things go; all off once `healed`. */
export interface Weather {
  healed: boolean;
  /** Of a durable step: that the process ends right before it, or right after. */
  readonly crashProbability: number;
  /** Of a message: that it is lost, doubled, or delayed for seconds. */
  readonly lossProbability: number;
  readonly doubleProbability: number;
  readonly longDelayProbability: number;
  /** Of a store's call: that the store refuses it, or takes its time. */
  readonly refusalProbability: number;
  readonly stallProbability: number;
}

/** The four services as processes of their own, each service with as many replicas as asked for. */
export interface Cluster {
  /** The way to a service from outside, over the same network; `reliable` without its faults. */
  transportTo(service: ServiceName, network?: "reliable"): Transport;
  /** Ends a process, and starts it again a while later. */
  kill(service: ServiceName, replica: number): void;
  /** Accepted refreshes in the order of their acceptance, as the devices keep them. */
  acceptedRefreshes(): Promise<{ readonly oldToken: string; readonly newToken: string }[]>;
  /** What was done to whom, for the report of a failure. */
  readonly history: string[];
}

export interface ClusterOptions {
  readonly time: VirtualTime;
  readonly random: Random;
  readonly weather: Weather;
  readonly replicas: Readonly<Record<ServiceName, number>>;
}

/** A store that takes its time takes up to this long, milliseconds. */
const LONGEST_STALL_MS = 400;

interface Replica {
  life: Life;
  endpoint: Endpoint | undefined;
}

export async function startCluster({ time, random, weather, replicas }: ClusterOptions): Promise<Cluster> {
  const disks = Object.fromEntries(serviceNames.map((name) => [name, createDisk()])) as Record<ServiceName, Disk>;
  const running = Object.fromEntries(
    serviceNames.map((name) => [
      name,
      Array.from({ length: replicas[name] }, (): Replica => ({ life: { alive: false }, endpoint: undefined })),
    ]),
  ) as Record<ServiceName, Replica[]>;
  const history: string[] = [];
  const log = createLogger({
    name: "simulation",
    level: "warn",
    destination: { write: (line: string) => history.push(`${time.now()} ${line.trim()}`) },
  });
  const network = networkFaults(weather, random.fork());
  const forever: Life = { alive: true };
  const wayTo = (service: ServiceName, caller: Life, faults: NetworkFaults) =>
    simulatedTransport(caller, { target: () => random.pick(running[service]).endpoint, time, faults });

  async function start(service: ServiceName, index: number): Promise<void> {
    const life: Life = { alive: true };
    const replica = running[service][index] as Replica;
    replica.life = life;
    const clock = time.clockOf(life);
    const chance = random.fork();
    const faults: StoreFaults = {
      step(when, name) {
        if (weather.healed || !chance.chance(weather.crashProbability)) return;
        history.push(`${time.now()} ${service} ${index} ends ${when} ${name}`);
        kill(service, index);
      },
      refuses: () => !weather.healed && chance.chance(weather.refusalProbability),
      delayMs: () => chance.below(!weather.healed && chance.chance(weather.stallProbability) ? LONGEST_STALL_MS : 4),
    };
    const database: Database = { engine: "sqlite", sqlite: simulatedDatabase(disks[service], { life, time, faults }) };
    const transports = Object.fromEntries(serviceNames.map((name) => [name, wayTo(name, life, network)])) as Record<
      ServiceName,
      Transport
    >;
    // Never stopped: the work of a process ends with its life, because its clock and its store do.
    const { services } = await openService(service, {
      database,
      transports,
      clock,
      log,
      random: () => chance.next(),
      owner: `${service}-${index}-${time.now()}`,
    });
    if (life.alive) replica.endpoint = endpoint(services, { life, log });
  }

  function kill(service: ServiceName, index: number): void {
    const replica = running[service][index] as Replica;
    if (!replica.life.alive) return;
    replica.life.alive = false;
    replica.endpoint = undefined;
    time.after(100 + random.below(8_000), () => begin(service, index));
  }

  /** As a supervisor does: a process that cannot start is started again. */
  function begin(service: ServiceName, index: number): void {
    start(service, index).catch((error: unknown) => {
      history.push(`${time.now()} ${service} ${index} could not start: ${error}`);
      kill(service, index);
    });
  }

  for (const name of serviceNames) for (let index = 0; index < replicas[name]; index++) begin(name, index);
  await time.runUntil(
    () => serviceNames.every((name) => running[name].every(({ endpoint: open }) => open !== undefined)),
    10 * 60_000,
  );
  return {
    transportTo: (service, kind) => wayTo(service, forever, kind === "reliable" ? reliable : network),
    kill,
    async acceptedRefreshes() {
      const faults: StoreFaults = { step: () => undefined, refuses: () => false, delayMs: () => 0 };
      const database = simulatedDatabase(disks.device, { life: forever, time, faults });
      const devices = await sqliteVersionedDocuments(database, deviceDocuments, time.clockOf(forever));
      const documents = await devices.page({ keyPrefix: "", limit: 1_000 });
      return documents
        .flatMap(({ value }) => (value.kind === "device" ? value.device.refreshes : []))
        .sort((a, b) => a.order - b.order);
    },
    history,
  };
}

const reliable: NetworkFaults = { deliveries: () => [1], answerMs: () => 1 };

function networkFaults(weather: Weather, random: Random): NetworkFaults {
  const usual = () => 1 + random.below(5);
  const delay = () => (!weather.healed && random.chance(weather.longDelayProbability) ? random.below(9_000) : usual());
  const lost = () => !weather.healed && random.chance(weather.lossProbability);
  return {
    deliveries() {
      if (lost()) return [];
      return !weather.healed && random.chance(weather.doubleProbability) ? [delay(), delay()] : [delay()];
    },
    answerMs: () => (lost() ? undefined : delay()),
  };
}
