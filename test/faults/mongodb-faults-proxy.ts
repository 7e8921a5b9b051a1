import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { BSON, type Document } from "mongodb";

/**
 * What happens to commands that write: `not_primary`, refused before the server hears of them, as by a member that was
 * stepped down; `interrupted`, done, and answered as if the member was stepped down meanwhile; `write_concern`, done, and
 * answered that a majority did not confirm in time.
 */
export type WriteFault = "not_primary" | "interrupted" | "write_concern";

/** A proxy in front of a MongoDB server that gives other answers to writes than the server does. */
export interface MongodbFaultsProxy {
  /** `host:port` to connect to. */
  readonly address: string;
  /** The fault from now on; undefined: none. */
  answerWith(fault: WriteFault | undefined): void;
  /** How many writes were answered otherwise. */
  changed(): number;
  close(): void;
}

const WRITES = new Set(["insert", "update", "delete", "findAndModify"]);
/** Code and name of each (https://github.com/mongodb/mongo/blob/master/src/mongo/base/error_codes.yml). */
const NOT_PRIMARY = { ok: 0, code: 10107, codeName: "NotWritablePrimary", errmsg: "not primary" };
const INTERRUPTED = {
  ok: 0,
  code: 11602,
  codeName: "InterruptedDueToReplStateChange",
  errmsg: "operation was interrupted",
};
const WRITE_CONCERN = {
  code: 64,
  codeName: "WriteConcernFailed",
  errmsg: "waiting for replication timed out",
  errInfo: { wtimeout: true },
};

/** OP_MSG: header (length, request, response to, opcode), flags, then a section of kind 0 with the command or its answer
 * (https://github.com/mongodb/specifications/blob/master/source/message/OP_MSG.md). */
const OP_MSG = 2013;
const BODY_AT = 21;

export async function startMongodbFaultsProxy(upstream: string): Promise<MongodbFaultsProxy> {
  let fault: WriteFault | undefined;
  let changed = 0;
  const sockets = new Set<Socket>();

  function serve(client: Socket): void {
    const [host = "", port] = upstream.split(":");
    const server = connect(Number(port), host);
    /** Faults of the requests whose answers are still to come. */
    const awaited = new Map<number, Exclude<WriteFault, "not_primary">>();
    onMessages(client, (message) => {
      if (fault === undefined || !isWrite(message)) return server.write(message);
      changed += 1;
      const requestId = message.readInt32LE(4);
      if (fault === "not_primary") return client.write(answer(requestId, NOT_PRIMARY));
      awaited.set(requestId, fault);
      return server.write(message);
    });
    onMessages(server, (message) => {
      const requestId = message.readInt32LE(8);
      const due = awaited.get(requestId);
      awaited.delete(requestId);
      if (due === undefined) return client.write(message);
      if (due === "interrupted") return client.write(answer(requestId, INTERRUPTED));
      return client.write(answer(requestId, { ...bodyOf(message), writeConcernError: WRITE_CONCERN }));
    });
    for (const [one, other] of [
      [client, server],
      [server, client],
    ] as const) {
      sockets.add(one);
      one.on("error", () => other.destroy());
      one.on("close", () => {
        sockets.delete(one);
        other.destroy();
      });
    }
  }

  const listener = createServer(serve).listen(0, "127.0.0.1");
  await once(listener, "listening");
  return {
    address: `127.0.0.1:${(listener.address() as AddressInfo).port}`,
    answerWith(next) {
      fault = next;
    },
    changed: () => changed,
    close() {
      listener.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** Calls back with each whole message that arrives: the first four bytes are its length. */
function onMessages(socket: Socket, use: (message: Buffer) => void): void {
  let waiting = Buffer.alloc(0);
  socket.on("data", (chunk: Buffer) => {
    waiting = Buffer.concat([waiting, chunk]);
    while (waiting.length >= 4 && waiting.length >= waiting.readInt32LE(0)) {
      const length = waiting.readInt32LE(0);
      use(waiting.subarray(0, length));
      waiting = waiting.subarray(length);
    }
  });
}

/** A command's name is its first key. Its body may stand behind a sequence of documents, which only writes have. */
function isWrite(message: Buffer): boolean {
  if (message.readInt32LE(12) !== OP_MSG) return false;
  if (message[BODY_AT - 1] !== 0) return true;
  const [command = ""] = Object.keys(bodyOf(message));
  return WRITES.has(command);
}

function bodyOf(message: Buffer): Document {
  return BSON.deserialize(message.subarray(BODY_AT, BODY_AT + message.readInt32LE(BODY_AT)), { promoteLongs: false });
}

function answer(responseTo: number, document: Document): Buffer {
  const body = BSON.serialize(document);
  const head = Buffer.alloc(BODY_AT);
  for (const [at, value] of [BODY_AT + body.length, 0, responseTo, OP_MSG, 0].entries())
    head.writeInt32LE(value, 4 * at);
  return Buffer.concat([head, body]);
}
