import type { DescMethod, Message } from "@bufbuild/protobuf";
import { clone } from "@bufbuild/protobuf";
import { Code, ConnectError, type Transport } from "@connectrpc/connect";
import { callTransport, defaultTimeoutMs } from "../../services/runtime/call-transport.ts";
import type { HostedService } from "../../services/runtime/hosted-service.ts";
import type { Logger } from "../../services/runtime/log.ts";
import { type MethodHandler, methodHandlers } from "../../services/runtime/method-handler.ts";
import type { Life, VirtualTime } from "./virtual-time.ts";

/** What the network does to one message. */
export interface NetworkFaults {
  /** Copies of a request that arrive, each after so many milliseconds; none where it is lost. */
  deliveries(): number[];
  /** Milliseconds until the answer is back; undefined where it is lost. */
  answerMs(): number | undefined;
}

/** A process's end of the network. */
export interface Endpoint {
  readonly life: Life;
  readonly handlers: Map<DescMethod, MethodHandler>;
}

export function endpoint(
  services: readonly HostedService[],
  { life, log }: { readonly life: Life; readonly log: Logger },
): Endpoint {
  const handlers = new Map<DescMethod, MethodHandler>();
  for (const service of services)
    for (const handler of methodHandlers(service, log)) handlers.set(handler.method, handler);
  return { life, handlers };
}

/**
 * The way from one process to a service. Requests may be lost, delayed beyond their deadline, doubled and overtaken;
 * answers may be lost after the work was done. A process that is down refuses at once. Streams meet with no faults.
 *
 * @param target the process that the next request reaches
 */
export function simulatedTransport(
  caller: Life,
  {
    target,
    time,
    faults,
  }: { readonly target: () => Endpoint | undefined; readonly time: VirtualTime; readonly faults: NetworkFaults },
): Transport {
  return callTransport({
    unary: (method, request, { timeoutMs = defaultTimeoutMs, header }) =>
      new Promise((resolve, reject) => {
        let over = false;
        const end = (settle: () => void) => {
          if (over || !caller.alive) return;
          over = true;
          settle();
        };
        time.after(timeoutMs, () => end(() => reject(new ConnectError("no answer in time", Code.DeadlineExceeded))));
        for (const delayMs of faults.deliveries()) {
          time.after(delayMs, () => {
            const reached = target();
            const handler = reached?.handlers.get(method);
            if (!reached?.life.alive || handler?.kind !== "unary") {
              return end(() => reject(new ConnectError("connection refused", Code.Unavailable)));
            }
            const answerMs = faults.answerMs();
            const answered = (settle: () => void) => {
              if (reached.life.alive && answerMs !== undefined) time.after(answerMs, () => end(settle));
            };
            const incoming = {
              protocolName: "grpc",
              signal: undefined,
              timeoutMs: undefined,
              header,
              contextValues: undefined,
            } as const;
            handler.call(clone(method.input, request as Message), incoming).then(
              (answer) => answered(() => resolve({ ...answer, message: clone(method.output, answer.message) })),
              (error: unknown) => answered(() => reject(error)),
            );
          });
        }
      }),
    async stream(method, request, { header, signal }) {
      const reached = target();
      const handler = reached?.handlers.get(method);
      if (!reached?.life.alive || handler?.kind !== "server_streaming")
        throw new ConnectError("connection refused", Code.Unavailable);
      const incoming = {
        protocolName: "grpc",
        signal,
        timeoutMs: undefined,
        header,
        contextValues: undefined,
      } as const;
      const answer = handler.call(clone(method.input, request as Message), incoming);
      return { ...answer, message: copies(method, answer.message) };
    },
  });
}

async function* copies(method: DescMethod, messages: AsyncIterable<Message>): AsyncGenerator<Message> {
  for await (const message of messages) yield clone(method.output, message);
}
