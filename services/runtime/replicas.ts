import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import type { GrpcTransport } from "./grpc-transport.ts";

/** Every process of one service, for what only all of them together know. */
export interface Replicas {
  /** Addresses of the processes that there are now; rejects where they cannot be looked up. */
  addresses(): Promise<readonly string[]>;
  /** A connection to one of them, to be closed. */
  connect(address: string): GrpcTransport;
}

export interface ReplicasOptions {
  /** `host:port`, `[::1]:port` or `dns:///name:port`; a name stands for everything that it resolves to. */
  readonly address: string;
  /** Connects to an address; `name` is what the service is called by, where it has a name. */
  readonly connect: (address: string, name?: string) => GrpcTransport;
}

/** The processes behind an address. A name behind which a proxy chooses (a cluster IP) counts as one process. */
export function replicasOf({ address, connect }: ReplicasOptions): Replicas {
  const [, host = "", port = ""] = /^(?:dns:\/\/\/)?(.+):(\d+)$/.exec(address) ?? [];
  const name = host.replace(/^\[(.*)\]$/, "$1");
  return {
    async addresses() {
      if (isIP(name) !== 0) return [`${host}:${port}`];
      const found = await lookup(name, { all: true, order: "ipv4first" });
      // A process that has addresses of both families must not count twice.
      const ofOneFamily = found.filter(({ family }) => family === found[0]?.family);
      return ofOneFamily.map(({ address: ip, family }) => (family === 6 ? `[${ip}]:${port}` : `${ip}:${port}`));
    },
    connect: (replica) => (isIP(name) === 0 ? connect(replica, name) : connect(replica)),
  };
}
