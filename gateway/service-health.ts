import { credentials, makeGenericClientConstructor, type ServiceError } from "@grpc/grpc-js";
import { service } from "grpc-health-check";
import { balancedChannel } from "../services/runtime/grpc-transport.ts";
import type { Tls } from "../services/runtime/tls.ts";

/** How long a replica may take to say that it is well, in milliseconds. */
const ANSWER_TIMEOUT_MS = 1_000;

/**
 * How many replicas are asked at once; one that serves is enough. So one that is stopping, hangs, or cannot reach its
 * store does not make every gateway unready.
 */
const REPLICAS_ASKED = 3;

/** Asks a service's standard health service. */
export interface ServiceHealth {
  /** Whether a replica says that it serves; false as well where none can be asked. */
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

/** The health of the service at an address as gRPC takes it: `host:port` or `dns:///host:port`. */
export function serviceHealth(address: string, tls?: Tls): ServiceHealth {
  const client = new HealthClient(address, tls?.client ?? credentials.createInsecure(), balancedChannel);
  const check = (client.check as Check).bind(client);

  /** Resolves where the replica whose turn it is serves. */
  function ask(deadline: number): Promise<void> {
    return new Promise((resolve, reject) => {
      check({ service: "" }, { deadline }, (error, answer) => {
        if (error === null && answer?.status === "SERVING") resolve();
        else reject(error ?? new Error(`health is ${answer?.status}`));
      });
    });
  }

  return {
    isServing() {
      const deadline = Date.now() + ANSWER_TIMEOUT_MS;
      return Promise.any(Array.from({ length: REPLICAS_ASKED }, () => ask(deadline))).then(
        () => true,
        () => false,
      );
    },
    close: () => client.close(),
  };
}
