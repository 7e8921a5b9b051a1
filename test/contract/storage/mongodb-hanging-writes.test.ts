import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type MongodbDatabase, openMongodb } from "../../../services/storage/mongodb-database.ts";
import { mongodbEngines } from "./engines.ts";

/** Passes connections on to a server, and can stop reading what the driver sends. */
async function startProxy(target: { readonly host: string; readonly port: number }) {
  const sockets = new Set<Socket>();
  let deaf = false;
  const server = createServer((client) => {
    const upstream = connect(target);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on("error", () => socket.destroy());
    }
    client.pipe(upstream).pipe(client);
    if (deaf) client.unpipe().pause();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    turnDeaf() {
      deaf = true;
      for (const socket of sockets) socket.unpipe().pause();
    },
    async close() {
      server.close();
      for (const socket of sockets) socket.destroy();
      await once(server, "close");
    },
  };
}

/** What the driver keeps of a server, as far as it is used here. */
interface DriverServer {
  readonly monitor: { readonly connection: { readonly socket: Socket }; requestCheck(): void };
}

// A file without tests would be a failure.
if (mongodbEngines.length === 0) test.skipIf(true)("on MongoDB, of which none is given", () => undefined);

describe.each(mongodbEngines)("connections to $name", ({ url }) => {
  let proxy: Awaited<ReturnType<typeof startProxy>>;
  let database: MongodbDatabase;

  beforeEach(async () => {
    const { hostname, port } = new URL(url);
    proxy = await startProxy({ host: hostname, port: Number(port) });
    const proxied = `mongodb://127.0.0.1:${proxy.port}/carillon_hanging?directConnection=true&heartbeatFrequencyMS=500&minHeartbeatFrequencyMS=0`;
    database = await openMongodb(proxied, { serverSelectionTimeoutMs: 1_000, socketTimeoutMs: 1_000 });
  });
  afterEach(async () => {
    await database.close();
    await proxy.close();
  });

  test("that are cut while the driver looks after its server do not keep it from looking again", async () => {
    const { topology } = database.client as unknown as { topology: { s: { servers: Map<string, DriverServer> } } };
    const [{ monitor }] = [...topology.s.servers.values()] as [DriverServer];
    await once(database.client, "serverHeartbeatSucceeded");
    const failed = once(database.client, "serverHeartbeatFailed");
    // As when the end of a connection was read in this turn of the event loop: that it is closed is told later.
    monitor.connection.socket.destroy();
    monitor.requestCheck();
    await failed;
    await once(database.client, "serverHeartbeatSucceeded");
    expect(await database.healthy()).toBe(true);
  });

  test("that do not take what is sent end the command after a while", async () => {
    proxy.turnDeaf();
    const large = "x".repeat(12 * 1024 * 1024);
    const insertion = database.db.collection("large").insertOne({ large });
    await expect(insertion).rejects.toThrow();
  });
});
