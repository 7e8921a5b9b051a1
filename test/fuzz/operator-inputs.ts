import {
  type DescField,
  type DescMessage,
  type DescMethod,
  fromJsonString,
  ScalarType,
  toBinary,
} from "@bufbuild/protobuf";
import { DeviceService } from "../../proto/gen/carillon/device/v1/device_service_pb.js";
import { AppService } from "../../proto/gen/carillon/identity/v1/app_service_pb.js";
import { ProfileService } from "../../proto/gen/carillon/identity/v1/profile_service_pb.js";
import { EventService } from "../../proto/gen/carillon/ingestion/v1/event_service_pb.js";
import { VerificationService } from "../../proto/gen/carillon/ingestion/v1/verification_service_pb.js";
import { PushService } from "../../proto/gen/carillon/tracking/v1/push_service_pb.js";
import { damaged, encoded } from "./byte-mutations.ts";
import type { Dice } from "./dice.ts";
import type { Credentials, RequestInput } from "./input.ts";
import { anyValue, mutatedObject } from "./json-mutations.ts";

const METHODS: readonly DescMethod[] = [
  ...[AppService, DeviceService, EventService, ProfileService, PushService, VerificationService],
].flatMap(({ methods }) => methods);
/** Protocols with the media types of their messages; a stream's messages are enveloped, as all of gRPC-Web's are. */
const TYPES = {
  unary: ["application/json", "application/proto", "application/grpc-web+json", "application/grpc-web+proto"],
  stream: [
    "application/connect+json",
    "application/connect+proto",
    "application/grpc-web+json",
    "application/grpc-web",
  ],
  odd: [
    "application/grpc",
    "application/grpc-web-text",
    "application/xml",
    "text/plain",
    "",
    "application/connect+xml",
  ],
};

/** A call of the operator API, over Connect or gRPC-Web, mostly wrong somewhere. */
export function operatorInput(credentials: Credentials, dice: Dice): RequestInput {
  const method = dice.pick(METHODS);
  const kind = method.methodKind === "unary" ? "unary" : "stream";
  const type = dice.pick(dice.chance(5) ? TYPES.odd : TYPES[kind]);
  const [token, scope] = dice.pick([
    [credentials.server_key, {}],
    [credentials.operator_token, { tenantId: credentials.tenant_id, appId: credentials.app_id }],
    [credentials.operator_token, { tenantId: credentials.tenant_id, appId: credentials.app_id }],
    [dice.pick([credentials.api_key, "nobody", ""]), {}],
  ]);
  const names = [...method.input.fields.map(({ jsonName }) => jsonName), "unknown", "pageToken"];
  const json = dice.chance(4)
    ? anyValue(dice)
    : mutatedObject({ ...exampleOf(method.input, dice), ...scope }, names, dice);
  let body = type.endsWith("json") ? Buffer.from(json) : binary(method.input, json, dice);
  if (type.includes("grpc") || type.includes("connect")) body = enveloped(body, dice);
  if (dice.chance(10)) body = damaged(body, dice);
  const headers: Record<string, string> = {
    "content-type": type,
    authorization: `Bearer ${token}`,
    // Streams would go on for ever.
    "connect-timeout-ms": "100",
    "grpc-timeout": "100m",
  };
  if (dice.chance(5)) headers["connect-timeout-ms"] = dice.pick(["-1", "x", "99999999999", "0", ""]);
  if (dice.chance(5)) headers["connect-protocol-version"] = dice.pick(["1", "2", ""]);
  if (dice.chance(5)) ({ encoding: headers["content-encoding"], body } = encoded(body, dice));
  const name = `/${method.parent.typeName}/${method.name}`;
  if (kind === "unary" && dice.chance(5)) {
    const query = new URLSearchParams({ encoding: "json", message: json.slice(0, 2_000), connect: "v1" });
    return { kind: "request", method: "GET", path: `${name}?${query}`, headers, body: Buffer.alloc(0) };
  }
  return { kind: "request", method: "POST", path: name, headers, body };
}

function binary(message: DescMessage, json: string, dice: Dice): Buffer {
  try {
    return Buffer.from(toBinary(message, fromJsonString(message, json, { ignoreUnknownFields: true })));
  } catch {
    return dice.bytes(60); // what JSON of this message cannot be, its bytes can
  }
}

/** The frame of Connect's streams and of gRPC: flags, length, message. */
function enveloped(message: Buffer, dice: Dice): Buffer {
  const head = Buffer.alloc(5);
  head[0] = dice.chance(90) ? 0 : dice.below(256);
  head.writeUInt32BE(dice.chance(93) ? message.length : dice.pick([0, 1, message.length + 1, 2 ** 31, 2 ** 32 - 1]), 1);
  return Buffer.concat([head, message]);
}

function exampleOf(message: DescMessage, dice: Dice): object {
  return Object.fromEntries(
    message.fields.filter(() => dice.chance(60)).map((field) => [field.jsonName, exampleValue(field, dice)]),
  );
}

function exampleValue(field: DescField, dice: Dice): unknown {
  if (field.fieldKind === "list") {
    if (field.listKind === "message") return [exampleOf(field.message, dice)];
    return [dice.pick(["x", "user_1"])];
  }
  if (field.fieldKind === "map") return { sender: "x" };
  if (field.fieldKind === "enum") return dice.pick(field.enum.values).name;
  if (field.fieldKind === "message") {
    if (field.message.typeName === "google.protobuf.Timestamp")
      return dice.pick(["2026-11-20T14:30:00Z", "0001-01-01T00:00:00Z"]);
    if (field.message.typeName.startsWith("google.protobuf.")) return {};
    return exampleOf(field.message, dice);
  }
  if (field.scalar === ScalarType.BOOL) return dice.chance(50);
  if (field.scalar === ScalarType.STRING)
    return dice.pick(["", "customer-42", "device-token-1", "anon:device-token-1", "x"]);
  return dice.pick([0, 1, 2, 1_000, -1]);
}
