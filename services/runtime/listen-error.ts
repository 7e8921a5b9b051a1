import { urlHost } from "./url-host.ts";

const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: "the port is in use",
  EADDRNOTAVAIL: "this machine has no such address, see CARILLON_HOST",
  EACCES: "this user may not",
  ENOTFOUND: "there is no such address, see CARILLON_HOST",
};

interface Listener {
  readonly host: string;
  readonly port: number;
  /** Name of the environment variable that the port is from. */
  readonly setting: string;
}

/** What the one line says where a port cannot be opened: the setting, the address and why. */
export function listenError({ host, port, setting }: Listener, cause: unknown): Error {
  const message = cause instanceof Error ? cause.message : String(cause);
  // grpc-js has the system's code in its message only, and none for a name that it cannot resolve.
  const code = /^Name resolution failed/.test(message) ? "ENOTFOUND" : (/\bE[A-Z]{3,}\b/.exec(message)?.[0] ?? "");
  const reason = REASONS[code] ?? message;
  return new Error(`cannot listen on ${urlHost(host)}:${port} (${setting}): ${reason}`, { cause });
}
