import { createRequire } from "node:module";
import type { Socket } from "node:net";

/** What is used of the driver's connections (mongodb 7, src/cmap/connection.ts). */
interface DriverConnection {
  readonly socket: Socket;
  readonly error: Error | null;
  readonly closed: boolean;
  cleanup(error: Error): void;
  onClose(): void;
  throwIfAborted(): void;
}

/**
 * Lets commands fail that the driver would wait for without end, once for the process. After it has written a command that the
 * socket does not take at once it waits for `drain` or `error`, and two kinds of sockets say neither:
 *
 * - one that is destroyed and will say so later in the same turn of the event loop: a connection that was cut, and is used
 *   in between. It has no timeouts any more. Where it is the one that looks after a server, that server is never found
 *   again; where it is another one, the operation never ends;
 * - one that the driver destroys because of a timeout while a large command waits to be sent.
 *
 * So a destroyed socket is a closed connection before anything is written, and what destroys one is told as its error.
 * The driver's 7.8 and 7.9 are the same there; `test/contract/storage/mongodb-hanging-writes.test.ts` fails without this.
 */
export function endHangingWrites(): void {
  const { Connection } = createRequire(import.meta.url)("mongodb/lib/cmap/connection.js") as {
    readonly Connection: { readonly prototype: DriverConnection };
  };
  const { prototype } = Connection;
  if (patched.has(prototype)) return;
  patched.add(prototype);
  const { cleanup, throwIfAborted } = prototype;
  prototype.cleanup = function (error) {
    if (!this.closed) this.socket.destroy(error);
    cleanup.call(this, error);
  };
  prototype.throwIfAborted = function () {
    if (this.error === null && this.socket.destroyed) this.onClose();
    throwIfAborted.call(this);
  };
}

const patched = new WeakSet<DriverConnection>();
