import { randomInt } from "node:crypto";
import { once } from "node:events";
import { createServer, type Server } from "node:net";

/**
 * Where ports are looked for: below those that systems give to connections by themselves (from 32768 on with Linux), one
 * of which could have been taken when the port is opened.
 */
const [FROM, TO] = [15_000, 32_000];

/** TCP ports of an address that nobody listened on a moment ago. */
export async function freePorts(host: string, count: number): Promise<number[]> {
  const found = new Map<number, Server>();
  while (found.size < count) {
    const port = randomInt(FROM, TO);
    const server = await listening(host, port);
    if (server !== undefined) found.set(port, server);
  }
  await Promise.all(
    [...found.values()].map((server) => {
      server.close();
      return once(server, "close");
    }),
  );
  return [...found.keys()];
}

/** Undefined where the port is taken. */
async function listening(host: string, port: number): Promise<Server | undefined> {
  const server = createServer().listen(port, host);
  try {
    await once(server, "listening");
    return server;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EADDRINUSE") return undefined;
    throw error;
  }
}
