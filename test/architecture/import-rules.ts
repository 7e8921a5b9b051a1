import { importsOf, loadedBy, type SourceFile } from "./imports.ts";

/** What files of one part of the repository may not refer to. */
export interface ImportRule {
  /** The rule as a sentence. */
  readonly name: string;
  /** Whether the rule is about the file at this path. */
  applies(path: string): boolean;
  /** Whether such a file may not refer to this: a path from the root, or a package. */
  forbids(target: string, path: string): boolean;
  /** Whether it is only about what is loaded whenever the file is: neither types nor what `import()` loads later. */
  readonly onlyLoaded?: boolean;
  /** A file that breaks the rule, so that the rule itself is tested. */
  readonly wrong: SourceFile;
}

/** Packages that reach a network, a disk, a store or another process. */
const IO =
  /^(node:(fs|net|tls|https?|http2|dgram|dns|sqlite|worker_threads|child_process|cluster)(\/.*)?|mongodb|ioredis|fastify|@fastify\/.*|@grpc\/.*|@connectrpc\/connect-(node|fastify))$/;
const STORES = /^(node:sqlite|mongodb)$/;
/** A folder of services/ that holds one service (or the trial of them all), not what services share. */
const SERVICE = /^services\/(?!runtime\/|storage\/)([^/]+)\//;
/** Files of a service that are there to do I/O: its entry point and its store's adapters. */
const SERVICE_IO_FILE = /(^|\/)(main|(sqlite|mongodb)-[^/]+|[^/]+-(sqlite|mongodb))\.ts$/;
/** The files that put gateway and services together: into one process with a thread of them, and into a trial of five. */
const composes = (path: string) =>
  /^(gateway\/single-process|services\/trial\/main|services\/together\/main)\.ts$/.test(path);
const isTrial = (path: string) => path.startsWith("services/trial/");
/** The thread of all services, and what one process is put together from. */
const isTogether = (path: string) => path.startsWith("services/together/");

/** The MongoDB driver, and what is written on top of it. */
const isMongodb = (target: string) => /^mongodb(\/|$)/.test(target) || /(^|\/)mongodb[^/]*\.[jt]s$/.test(target);

const isPackage = (target: string) => !/^(services|gateway|cli|sdk|proto|test|deploy)\//.test(target);
const isGenerated = (target: string) => target.startsWith("proto/gen/");
const isGateway = (path: string) => path.startsWith("gateway/");

/** The rules (decision 0002; the first two are design.md's own). */
export const importRules: readonly ImportRule[] = [
  {
    name: "a service imports services/runtime, services/storage, generated code and itself, never another service",
    applies: (path) => SERVICE.test(path) && !composes(path),
    forbids: (target, path) =>
      !isPackage(target) &&
      !isGenerated(target) &&
      !/^services\/(runtime|storage)\//.test(target) &&
      !target.startsWith(`services/${SERVICE.exec(path)?.[1]}/`),
    wrong: { path: "services/identity/service.ts", text: 'import type { Device } from "../device/device.ts";' },
  },
  {
    name: "the gateway imports services/runtime and no service, except in the file that composes one process",
    applies: (path) => isGateway(path) && !composes(path),
    forbids: (target) => !isPackage(target) && !/^(gateway|services\/runtime|proto\/gen)\//.test(target),
    wrong: { path: "gateway/main.ts", text: 'export { createIngestion } from "../services/ingestion/service.ts";' },
  },
  {
    name: "the gateway opens no store, except in the file that composes one process",
    applies: (path) => isGateway(path) && !composes(path),
    forbids: (target) => STORES.test(target) || target.startsWith("services/storage/"),
    wrong: { path: "gateway/credentials/cache.ts", text: 'import { MongoClient } from "mongodb";' },
  },
  {
    name: "a service does I/O only in its main.ts and its store's adapters",
    applies: (path) => SERVICE.test(path) && !isTrial(path) && !isTogether(path) && !SERVICE_IO_FILE.test(path),
    forbids: (target) => IO.test(target),
    wrong: { path: "services/ingestion/event.ts", text: 'const { readFile } = await import("node:fs/promises");' },
  },
  {
    name: "how the gateway reads bodies and events involves no I/O",
    applies: (path) => /^gateway\/(body|event)\//.test(path),
    forbids: (target) => IO.test(target),
    wrong: { path: "gateway/event/fingerprint.ts", text: 'type Reply = import("fastify").FastifyReply;' },
  },
  {
    name: "what services share knows no service and no gateway",
    applies: (path) => /^services\/(runtime|storage)\//.test(path),
    forbids: (target, path) =>
      !isPackage(target) &&
      !isGenerated(target) &&
      !target.startsWith("services/runtime/") &&
      !(path.startsWith("services/storage/") && target.startsWith("services/storage/")),
    wrong: { path: "services/runtime/lifecycle.ts", text: 'new URL("../tracking/main.ts", import.meta.url);' },
  },
  {
    name: "the command line client imports generated code and itself",
    applies: (path) => path.startsWith("cli/"),
    forbids: (target) => !isPackage(target) && !isGenerated(target) && !target.startsWith("cli/"),
    wrong: { path: "cli/main.ts", text: 'import { systemClock } from "../services/runtime/clock.ts";' },
  },
  {
    name: "the Web SDK imports nothing but itself",
    applies: (path) => path.startsWith("sdk/web/"),
    forbids: (target) => !target.startsWith("sdk/web/"),
    wrong: { path: "sdk/web/src/queue.ts", text: 'import { randomUUID } from "node:crypto";' },
  },
  {
    name: "nothing imports the files that put everything together",
    applies: (path) => !path.startsWith("test/"),
    forbids: (target, path) =>
      (composes(target) || isTrial(target) || isTogether(target)) &&
      !(isTrial(target) && isTrial(path)) &&
      !(isTogether(target) && (isTogether(path) || composes(path))),
    wrong: { path: "gateway/main.ts", text: 'import { freePorts } from "../services/trial/free-ports.ts";' },
  },
  {
    name: "the MongoDB driver is loaded by import() alone, except among mongodb-….ts, so that it is loaded where it is used",
    applies: (path) => !path.startsWith("test/") && !isMongodb(path),
    forbids: isMongodb,
    onlyLoaded: true,
    wrong: {
      path: "services/ingestion/open.ts",
      text: 'import { mongodbEventStore, type Options } from "./mongodb-store.ts";',
    },
  },
  {
    name: "nothing outside test/ imports from test/",
    applies: (path) => !path.startsWith("test/"),
    forbids: (target) => target.startsWith("test/"),
    wrong: { path: "services/storage/clock.ts", text: 'import { virtualClock } from "../../test/virtual-clock.ts";' },
  },
];

/** Every breach of every rule in a file, as one line each. */
export function breaches(file: SourceFile, rules: readonly ImportRule[] = importRules): string[] {
  const concerned = rules.filter((rule) => rule.applies(file.path));
  return importsOf(file).flatMap((target) =>
    concerned
      .filter((rule) => rule.forbids(target, file.path))
      .filter((rule) => !rule.onlyLoaded || loadedBy(file).includes(target))
      .map((rule) => `${file.path} refers to ${target}: ${rule.name}`),
  );
}
