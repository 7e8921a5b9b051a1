import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** Passes bytes on between MongoDB's driver and a server, and loses what it is told to lose. */
export interface CuttingProxy {
  readonly port: number;
  /** Ends the connection of the next request that holds all of these texts when the server has answered it. */
  loseAnswerTo(...texts: string[]): void;
  /** Ends all connections and takes no more. */
  close(): Promise<void>;
}

export async function cuttingProxy(target: { readonly host: string; readonly port: number }): Promise<CuttingProxy> {
  let wanted: readonly string[] | undefined;
  const sockets = new Set<Socket>();

  const server = createServer((client) => {
    const upstream = connect(target);
    let losing = false;
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on("error", () => socket.destroy());
      socket.on("close", () => {
        sockets.delete(socket);
        client.destroy();
        upstream.destroy();
      });
    }
    client.on("data", (bytes) => {
      if (wanted?.every((text) => bytes.includes(text))) {
        wanted = undefined;
        losing = true;
      }
      upstream.write(bytes);
    });
    upstream.on("data", (bytes) => {
      if (losing) client.destroy();
      else client.write(bytes);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    loseAnswerTo: (...texts) => {
      wanted = texts;
    },
    async close() {
      const closed = once(server, "close");
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
