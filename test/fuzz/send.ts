import { Agent, type IncomingHttpHeaders, request } from "node:http";
import { connect } from "node:net";
import type { BytesInput, RequestInput } from "./input.ts";

/** Requests and connections that are under way at a time. */
export const CONCURRENCY = 24;
/** Milliseconds after which something that is not answered hangs: longer than any limit of the server. */
const HANGS_AFTER_MS = 30_000;

export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly trailers: NodeJS.Dict<string>;
  readonly body: Buffer;
}

const agent = new Agent({ keepAlive: true, maxSockets: CONCURRENCY });

/** Sends a request. Rejects where it is not answered. */
export function sendRequest({ method, path, headers, body }: RequestInput, port: number): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const hasBody = method !== "GET" && method !== "HEAD";
    const length = hasBody && headers["content-length"] === undefined ? { "content-length": body.length } : {};
    const message = request(
      {
        host: "127.0.0.1",
        port,
        // What is left of a body with a wrong length must not be taken for the next request.
        agent: headers["content-length"] === undefined ? agent : false,
        method,
        path: encodeURI(path),
        headers: { ...headers, ...length },
        timeout: HANGS_AFTER_MS,
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", reject);
        response.on("end", () => {
          const { statusCode = 0, trailers } = response;
          resolve({ status: statusCode, headers: response.headers, trailers, body: Buffer.concat(chunks) });
        });
      },
    );
    message.on("timeout", () => message.destroy(new Error(`no answer within ${HANGS_AFTER_MS} ms`)));
    message.on("error", reject);
    message.end(hasBody ? body : undefined);
  });
}

/** Sends bytes on a connection of their own and says that no more will come; what comes back until it ends. */
export function sendBytes({ bytes }: BytesInput, port: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const socket = connect({ host: "127.0.0.1", port });
    socket.setTimeout(HANGS_AFTER_MS, () => {
      socket.destroy();
      reject(new Error(`the connection was still open after ${HANGS_AFTER_MS} ms`));
    });
    socket.on("data", (chunk) => chunks.push(chunk));
    // A server may reset what it does not want to read to its end.
    socket.on("error", () => undefined);
    socket.on("close", () => resolve(Buffer.concat(chunks)));
    socket.end(bytes);
  });
}
