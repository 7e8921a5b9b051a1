import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { Code, ConnectError, type ConnectRouter } from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";

export interface FakeGateway extends AsyncDisposable {
  readonly url: string;
}

/** An operator API over HTTP that lets in one token and answers as the test says. */
export async function startFakeGateway(token: string, routes: (router: ConnectRouter) => void): Promise<FakeGateway> {
  const adapter = connectNodeAdapter({
    routes,
    interceptors: [
      (next) => (request) => {
        if (request.header.get("authorization") === `Bearer ${token}`) return next(request);
        throw new ConnectError("unknown token", Code.Unauthenticated);
      },
    ],
  });
  const server = createServer(adapter);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: () => close(server),
  };
}

function close(server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    server.close((error) => (error === undefined ? resolve() : reject(error)));
    server.closeAllConnections();
  });
}
