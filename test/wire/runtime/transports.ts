import { MessageChannel } from "node:worker_threads";
import type { Transport } from "@connectrpc/connect";
import { createGrpcServer } from "../../../services/runtime/grpc-server.ts";
import { createGrpcTransport } from "../../../services/runtime/grpc-transport.ts";
import type { HostedService } from "../../../services/runtime/hosted-service.ts";
import { createLocalTransport } from "../../../services/runtime/local-transport.ts";
import { createLogger } from "../../../services/runtime/log.ts";
import { serveThread } from "../../../services/runtime/thread-server.ts";
import { createThreadTransport } from "../../../services/runtime/thread-transport.ts";

export const silent = createLogger({ name: "test", level: "silent" });

/** A transport that reaches a service, and how to be rid of both. */
export interface Connected {
  readonly transport: Transport;
  close(): Promise<void>;
}

export interface Connection {
  readonly name: string;
  connect(service: HostedService): Promise<Connected>;
}

/** The ways in which services are reached, which behave alike. */
export const connections: readonly Connection[] = [
  {
    name: "in process",
    connect: async (service) => ({
      transport: createLocalTransport([service], { log: silent }),
      close: async () => undefined,
    }),
  },
  {
    name: "from another thread",
    async connect(service) {
      // The ends of a port are what threads have; that both are in this one is all that differs.
      const { port1, port2 } = new MessageChannel();
      serveThread(port2, [service], silent);
      return { transport: createThreadTransport(port1), close: async () => port1.close() };
    },
  },
  {
    name: "over gRPC",
    async connect(service) {
      const server = createGrpcServer({ services: [service], log: silent });
      const transport = createGrpcTransport(`127.0.0.1:${await server.listen({ host: "127.0.0.1", port: 0 })}`);
      return {
        transport,
        async close() {
          transport.close();
          await server.close(1_000);
        },
      };
    },
  },
];
