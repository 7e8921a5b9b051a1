import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { serviceHealth } from "../../../gateway/service-health.ts";
import { createGrpcServer } from "../../../services/runtime/grpc-server.ts";
import { createLogger } from "../../../services/runtime/log.ts";

const log = createLogger({ name: "replica", level: "silent" });

async function startReplica(serving: boolean) {
  const server = createGrpcServer({ services: [], log });
  const port = await server.listen({ host: "127.0.0.1", port: 0 });
  server.setServing(serving);
  onTestFinished(() => server.close(0));
  return { server, port };
}

/** Something that accepts connections and says nothing. */
async function startHanging(): Promise<{ readonly port: number }> {
  const sockets: Socket[] = [];
  const server = createServer((socket) => sockets.push(socket)).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { port: (server.address() as { port: number }).port };
}

function healthOf(...replicas: readonly { readonly port: number }[]) {
  const health = serviceHealth(`ipv4:${replicas.map(({ port }) => `127.0.0.1:${port}`).join(",")}`);
  onTestFinished(health.close);
  return health;
}

/** Several looks once all replicas are connected to, so that turns fall differently. */
async function looks(health: { isServing(): Promise<boolean> }): Promise<boolean[]> {
  while (!(await health.isServing())); // the test's own time limits this
  const seen: boolean[] = [];
  for (let times = 0; times < 7; times++) seen.push(await health.isServing());
  return seen;
}

const always = (serving: boolean) => Array.from({ length: 7 }, () => serving);

test("a service serves while one of its replicas does, whichever is asked first", async () => {
  expect(await looks(healthOf(await startReplica(false), await startReplica(true)))).toEqual(always(true));
});

test("a replica that hangs does not make the service seem away", async () => {
  expect(await looks(healthOf(await startHanging(), await startReplica(true)))).toEqual(always(true));
});

test("a service of which no replica serves, or can be asked, does not serve", async () => {
  const stopped = await startReplica(true);
  await stopped.server.close(0);
  expect(await healthOf(await startReplica(false), await startReplica(false)).isServing()).toBe(false);
  expect(await healthOf(stopped).isServing()).toBe(false);
});
