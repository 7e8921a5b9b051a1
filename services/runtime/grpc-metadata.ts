import { Code, ConnectError } from "@connectrpc/connect";
import { findTrailerError, setTrailerStatus } from "@connectrpc/connect/protocol-grpc";
import { Metadata, type StatusObject } from "@grpc/grpc-js";

const statusKeys = new Set(["grpc-status", "grpc-message"]);

/** gRPC's metadata from headers; keys that end in `-bin` hold base64 there and bytes here. */
export function toMetadata(headers: Headers): Metadata {
  const metadata = new Metadata();
  for (const [key, value] of headers) {
    if (statusKeys.has(key)) continue; // the status has fields of its own
    metadata.add(key, key.endsWith("-bin") ? Buffer.from(value, "base64") : value);
  }
  return metadata;
}

/** Headers from gRPC's metadata, the reverse of {@link toMetadata}. */
export function toHeaders(metadata: Metadata): Headers {
  const headers = new Headers();
  for (const key of Object.keys(metadata.getMap())) {
    for (const value of metadata.get(key)) {
      headers.append(key, typeof value === "string" ? value : value.toString("base64"));
    }
  }
  return headers;
}

/** An error as the status that a gRPC server answers, with its details and metadata. */
export function toStatus(error: ConnectError, trailer: Headers): StatusObject {
  const headers = setTrailerStatus(new Headers(trailer), error);
  return { code: Number(error.code), details: error.rawMessage, metadata: toMetadata(headers) };
}

/** The error that a gRPC status says, the reverse of {@link toStatus}. */
export function fromStatus({ code, details, metadata }: StatusObject): ConnectError {
  const headers = toHeaders(metadata);
  headers.set("grpc-status", String(code));
  headers.set("grpc-message", encodeURIComponent(details));
  return findTrailerError(headers) ?? new ConnectError("a call failed with the status of a success", Code.Unknown);
}
