import { once } from "node:events";
import { MessageChannel, Worker } from "node:worker_threads";
import { Code, ConnectError, type Transport } from "@connectrpc/connect";
import type { DemoCredentials } from "../runtime/demo-credentials-file.ts";
import { createThreadTransport } from "../runtime/thread-transport.ts";
import { tracedTransport } from "../runtime/trace-calls.ts";
import { tracing } from "../runtime/tracing.ts";
import type { ControlRequest, ControlResponse, ServicesSettings } from "./control-messages.ts";

/** Bound of what the thread has just made and not yet dropped, in MB; more memory would only be collected more rarely. */
const YOUNG_GENERATION_MB = 24;

/** The four services on one database, in a thread beside this one. */
export interface ServicesThread {
  /** To all of them. What it answers is on the disk. */
  readonly transport: Transport;
  readonly grpcPort: number;
  readonly credentials: DemoCredentials;
  isReady(): boolean;
  /** What they measure, in Prometheus's text format. */
  metrics(): Promise<string>;
  /** Finishes what was accepted and closes the database. Rejects where that did not go well. */
  stop(): Promise<void>;
}

export interface ServicesThreadOptions {
  readonly settings: Omit<ServicesSettings, "calls">;
  /** Told when the thread has ended of its own accord: nothing can be stored any more. */
  onUnexpectedEnd(error: unknown): void;
}

/**
 * Starts the services.
 *
 * @throws Error with one line that says why they cannot start
 */
export async function startServicesThread({
  settings,
  onUnexpectedEnd,
}: ServicesThreadOptions): Promise<ServicesThread> {
  const { port1: calls, port2 } = new MessageChannel();
  const workerData: ServicesSettings = { ...settings, calls: port2 };
  const worker = new Worker(new URL("./main.ts", import.meta.url), {
    workerData,
    transferList: [port2],
    name: "services",
    resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MB },
  });
  let ready = false;
  let stopped: ((well: boolean) => void) | undefined;
  const started = new Promise<Extract<ControlResponse, { readonly kind: "started" }>>((resolve) => {
    worker.on("message", (response: ControlResponse) => {
      if (response.kind === "started") resolve(response);
      else if (response.kind === "ready") ready = response.ready;
      else stopped?.(response.well);
    });
  });
  const failed = new AbortController();
  const failure = once(worker, "error", { signal: failed.signal }).then(([error]) => {
    throw error;
  });
  const { grpcPort, credentials } = await Promise.race([started, failure]);
  failed.abort();
  failure.catch(() => "no longer waited for");

  const transport = createThreadTransport(calls);
  const trace = tracing();
  function ended(error: unknown): void {
    ready = false;
    transport.fail(new ConnectError("the services have ended", Code.Unavailable));
    if (stopped === undefined) onUnexpectedEnd(error);
    else stopped(false);
  }
  worker.on("error", ended);
  worker.on("exit", (status) => ended(new Error(`the services' thread ended with status ${status}`)));

  const post = (request: ControlRequest, ports: MessageChannel["port1"][] = []) => worker.postMessage(request, ports);
  return {
    transport: trace === undefined ? transport : tracedTransport(transport, trace),
    grpcPort,
    credentials,
    isReady: () => ready,
    async metrics() {
      const { port1, port2: answer } = new MessageChannel();
      post({ kind: "metrics", answer }, [answer]);
      const [text] = (await once(port1, "message")) as [string];
      port1.close();
      return text;
    },
    async stop() {
      const well = await new Promise<boolean>((resolve) => {
        stopped = resolve;
        post({ kind: "stop" });
      });
      calls.close();
      await worker.terminate();
      if (!well) throw new Error("the services did not stop well");
    },
  };
}
