import { credentials, makeGenericClientConstructor, type ServiceError } from "@grpc/grpc-js";
import { service } from "grpc-health-check";
import type { Tls } from "../services/runtime/tls.ts";

/** How long a service may take to say that it is well, in milliseconds. */
const ANSWER_TIMEOUT_MS = 1_000;

/** Asks a gRPC server's standard health service. */
export interface ServiceHealth {
  /** Whether the server says that it serves; false as well where it cannot be asked. */
  isServing(): Promise<boolean>;
  close(): void;
}

interface HealthAnswer {
  readonly status: string;
}
type Check = (
  request: { readonly service: string },
  options: { readonly deadline: number },
  done: (error: ServiceError | null, answer: HealthAnswer | undefined) => void,
) => void;

const HealthClient = makeGenericClientConstructor(service, "Health");

/** The health of the server at an address as gRPC takes it: `host:port` or `dns:///host:port`. */
export function serviceHealth(address: string, tls?: Tls): ServiceHealth {
  const client = new HealthClient(address, tls?.client ?? credentials.createInsecure());
  const check = (client.check as Check).bind(client);
  return {
    isServing: () =>
      new Promise((resolve) => {
        const deadline = Date.now() + ANSWER_TIMEOUT_MS;
        check({ service: "" }, { deadline }, (error, answer) =>
          resolve(error === null && answer?.status === "SERVING"),
        );
      }),
    close: () => client.close(),
  };
}
