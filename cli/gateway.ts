import { type Client, createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { DeviceService } from "../proto/gen/carillon/device/v1/device_service_pb.js";
import { AppService } from "../proto/gen/carillon/identity/v1/app_service_pb.js";
import { ProfileService } from "../proto/gen/carillon/identity/v1/profile_service_pb.js";
import { EventService } from "../proto/gen/carillon/ingestion/v1/event_service_pb.js";
import { VerificationService } from "../proto/gen/carillon/ingestion/v1/verification_service_pb.js";
import { PushService } from "../proto/gen/carillon/tracking/v1/push_service_pb.js";

/** A call that has no answer after this long counts as unreachable. Milliseconds. */
const TIMEOUT_MS = 15_000;

/** The operator API, as far as the commands use it. */
export interface Gateway {
  readonly apps: Client<typeof AppService>;
  readonly devices: Client<typeof DeviceService>;
  readonly events: Client<typeof EventService>;
  readonly profiles: Client<typeof ProfileService>;
  readonly pushes: Client<typeof PushService>;
  readonly verification: Client<typeof VerificationService>;
}

/** Clients that speak the Connect protocol over HTTP/1.1, which every proxy lets through. */
export function connectGateway(where: { readonly url: string; readonly token: string }): Gateway {
  const transport = createConnectTransport({
    baseUrl: where.url,
    httpVersion: "1.1",
    defaultTimeoutMs: TIMEOUT_MS,
    interceptors: [
      (next) => (request) => {
        request.header.set("Authorization", `Bearer ${where.token}`);
        return next(request);
      },
    ],
  });
  return {
    apps: createClient(AppService, transport),
    devices: createClient(DeviceService, transport),
    events: createClient(EventService, transport),
    profiles: createClient(ProfileService, transport),
    pushes: createClient(PushService, transport),
    verification: createClient(VerificationService, transport),
  };
}
