import type { Operation } from "../../gateway/openapi/operation.ts";

/** A request that HTTP can carry; whatever is wrong with it is inside. */
export interface RequestInput {
  readonly kind: "request";
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** Whose answers must be as its description says; absent at the operator API, and where nothing is served. */
  readonly operation?: Operation;
}

/** Bytes on a connection of their own, which need not be HTTP. */
export interface BytesInput {
  readonly kind: "bytes";
  readonly bytes: Buffer;
}

export type Input = RequestInput | BytesInput;

/** What requests are sent with. */
export interface Credentials {
  readonly tenant_id: string;
  readonly app_id: string;
  readonly api_key: string;
  readonly server_key: string;
  readonly operator_token: string;
}

/** One line that says what was sent. */
export function describeInput(input: Input): string {
  if (input.kind === "bytes") return `bytes ${shown(input.bytes)}`;
  return `${input.method} ${input.path} ${JSON.stringify(input.headers)} ${shown(input.body)}`;
}

function shown(bytes: Buffer): string {
  const text = JSON.stringify(bytes.toString("latin1"));
  return text.length <= 600 ? text : `${text.slice(0, 600)}… (${bytes.length} bytes)`;
}
