import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** A web site whose pages a test writes. */
export interface PageServer {
  /** Origin with the address, and with the name that stands for the same address. */
  readonly origin: string;
  readonly otherOrigin: string;
  /** Answers this path with a document, or with a script where the path ends in `.js`. */
  serve(path: string, content: string, headers?: Readonly<Record<string, string>>): void;
  /** Paths that were asked for, in order. */
  readonly asked: readonly string[];
  close(): Promise<void>;
}

/** Starts a site on a free port of loopback; unknown paths have the page of "/". */
export async function startPageServer(): Promise<PageServer> {
  const contents = new Map<string, { content: string; headers: Readonly<Record<string, string>> }>();
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://site");
    asked.push(pathname);
    const { content, headers } = contents.get(pathname) ?? contents.get("/")!;
    response.writeHead(200, {
      ...headers,
      "Content-Type": pathname.endsWith(".js") ? "text/javascript" : "text/html;charset=utf-8",
    });
    response.end(content);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${port}`,
    otherOrigin: `http://localhost:${port}`,
    asked,
    serve: (path, content, headers = {}) => void contents.set(path, { content, headers }),
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
