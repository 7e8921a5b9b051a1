import type { Transport } from "@connectrpc/connect";
import { createGrpcServer } from "../../../services/runtime/grpc-server.ts";
import { createGrpcTransport } from "../../../services/runtime/grpc-transport.ts";
import type { HostedService } from "../../../services/runtime/hosted-service.ts";
import { createLocalTransport } from "../../../services/runtime/local-transport.ts";
import { createLogger } from "../../../services/runtime/log.ts";

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

/** The two ways in which services are reached, which behave alike. */
export const connections: readonly Connection[] = [
  {
    name: "in process",
    connect: async (service) => ({
      transport: createLocalTransport([service], { log: silent }),
      close: async () => undefined,
    }),
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
