/** What the main thread and the services' thread say to each other beside calls. */
import type { MessagePort } from "node:worker_threads";
import type { DemoCredentials } from "../runtime/demo-credentials-file.ts";
import type { LogLevel } from "../runtime/log.ts";

/** Handed to the thread when it starts. */
export interface ServicesSettings {
  readonly databaseUrl: string | undefined;
  readonly dataDir: string;
  readonly host: string;
  readonly grpcPort: number;
  readonly tlsDir: string | undefined;
  readonly operatorToken: string | undefined;
  readonly logLevel: LogLevel;
  /** Where the gateway's calls come in. */
  readonly calls: MessagePort;
}

export type ControlRequest =
  /** Asks for what is measured there, in Prometheus's text format. */
  { readonly kind: "metrics"; readonly answer: MessagePort } | { readonly kind: "stop" };

export type ControlResponse =
  | { readonly kind: "started"; readonly grpcPort: number; readonly credentials: DemoCredentials }
  /** Whether the database can be used; told at the start and whenever it was looked at. */
  | { readonly kind: "ready"; readonly ready: boolean }
  /** Everything is closed; whether all went well. */
  | { readonly kind: "stopped"; readonly well: boolean };
