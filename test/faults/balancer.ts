import { once } from "node:events";
import { Agent, createServer, request } from "node:http";
import type { AddressInfo } from "node:net";

/** A load balancer over HTTP: backends take turns, connections to them are kept. */
export interface Balancer {
  readonly url: string;
  /** Requests from now on go to these base URLs. */
  setBackends(urls: readonly string[]): void;
  close(): void;
}

/** Requests are not repeated: a backend that breaks a connection is a 502, as nginx answers for a POST. */
export async function startBalancer(): Promise<Balancer> {
  const agent = new Agent({ keepAlive: true });
  let backends: readonly string[] = [];
  let turn = 0;
  const server = createServer((incoming, outgoing) => {
    const backend = backends[turn++ % backends.length];
    if (backend === undefined) return outgoing.writeHead(503).end();
    const { method, headers, url } = incoming;
    const forwarded = request(new URL(url ?? "", backend), { agent, headers, ...(method && { method }) }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    forwarded.on("error", () => {
      if (!outgoing.headersSent) outgoing.writeHead(502);
      outgoing.end();
    });
    return incoming.pipe(forwarded);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    setBackends(urls) {
      backends = urls;
    },
    close() {
      server.close();
      server.closeAllConnections();
      agent.destroy();
    },
  };
}
