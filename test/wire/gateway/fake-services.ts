import { createHash } from "node:crypto";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { Code, ConnectError, type ServiceImpl, type Transport } from "@connectrpc/connect";
import { DeviceService } from "../../../proto/gen/carillon/device/v1/device_service_pb.js";
import { KeyKind } from "../../../proto/gen/carillon/identity/v1/app_pb.js";
import { AppService } from "../../../proto/gen/carillon/identity/v1/app_service_pb.js";
import {
  IdentityService,
  type ResolveKeyResponseSchema,
} from "../../../proto/gen/carillon/identity/v1/identity_service_pb.js";
import { ProfileService } from "../../../proto/gen/carillon/identity/v1/profile_service_pb.js";
import { EventService } from "../../../proto/gen/carillon/ingestion/v1/event_service_pb.js";
import {
  EventVerdict_Outcome,
  type IncomingEvent,
  IngestionService,
  RefreshTokenResponse_Outcome,
} from "../../../proto/gen/carillon/ingestion/v1/ingestion_service_pb.js";
import { PushService } from "../../../proto/gen/carillon/tracking/v1/push_service_pb.js";
import { TrackingService } from "../../../proto/gen/carillon/tracking/v1/tracking_service_pb.js";
import { type HostedService, hostedService } from "../../../services/runtime/hosted-service.ts";
import { createLocalTransport } from "../../../services/runtime/local-transport.ts";
import type { Logger } from "../../../services/runtime/log.ts";

/** Keys that the fake identity knows, by what they are. */
export const KEYS = {
  api: "api-key-of-t1",
  server: "server-key-of-t1",
  revoked: "revoked-key-of-t1",
  otherApi: "api-key-of-t2",
  otherServer: "server-key-of-t2",
} as const;

const RESOLUTIONS: Readonly<Record<string, MessageInitShape<typeof ResolveKeyResponseSchema>>> = {
  [KEYS.api]: { kind: KeyKind.API, tenantId: "t1", appId: "app1" },
  [KEYS.server]: { kind: KeyKind.SERVER, tenantId: "t1", appId: "app1" },
  [KEYS.revoked]: { kind: KeyKind.API, tenantId: "t1", appId: "app1", revoked: true },
  [KEYS.otherApi]: { kind: KeyKind.API, tenantId: "t2", appId: "app2" },
  [KEYS.otherServer]: { kind: KeyKind.SERVER, tenantId: "t2", appId: "app2" },
};

/** Handlers that a test may replace at any time. */
export interface Fakes {
  ingestion: Partial<ServiceImpl<typeof IngestionService>>;
  identity: Partial<ServiceImpl<typeof IdentityService>>;
  tracking: Partial<ServiceImpl<typeof TrackingService>>;
  events: Partial<ServiceImpl<typeof EventService>>;
  profiles: Partial<ServiceImpl<typeof ProfileService>>;
  devices: Partial<ServiceImpl<typeof DeviceService>>;
  pushes: Partial<ServiceImpl<typeof PushService>>;
  apps: Partial<ServiceImpl<typeof AppService>>;
  /** Events stored by the fake ingestion, by fingerprint. */
  readonly stored: Map<string, IncomingEvent>;
}

export function fakes(): Fakes {
  const stored = new Map<string, IncomingEvent>();
  return {
    stored,
    ingestion: {
      ingestEvents: ({ events }) => ({
        verdicts: events.map((event) => {
          const outcome = stored.has(event.fingerprint) ? EventVerdict_Outcome.DUPLICATE : EventVerdict_Outcome.STORED;
          if (outcome === EventVerdict_Outcome.STORED) stored.set(event.fingerprint, event);
          return { outcome, effectsApplied: true };
        }),
      }),
      refreshToken: () => ({ outcome: RefreshTokenResponse_Outcome.ACCEPTED }),
    },
    identity: {
      resolveKey: ({ keyHash }) => resolveFake(keyHash),
      resolveApp: ({ appId }) => {
        const app = Object.values(RESOLUTIONS).find((key) => key.appId === appId);
        return app === undefined ? {} : { app: { tenantId: app.tenantId!, appId } };
      },
    },
    tracking: { reportPushes: () => ({}) },
    events: {},
    profiles: {},
    devices: {},
    pushes: {},
    apps: {},
  };
}

/** What the fake identity says of a key's hash. */
export function resolveFake(keyHash: Uint8Array): MessageInitShape<typeof ResolveKeyResponseSchema> {
  for (const [key, resolution] of Object.entries(RESOLUTIONS)) {
    if (createHash("sha256").update(key).digest().equals(keyHash)) return resolution;
  }
  return {};
}

/** One transport that hosts them all. */
export function fakeTransport(services: Fakes, log: Logger): Transport {
  return createLocalTransport(hostedFakes(services), { log });
}

/** The fakes as services; handlers are looked up anew at every call. */
export function hostedFakes(services: Fakes): HostedService[] {
  return [
    live(IngestionService, () => services.ingestion),
    live(IdentityService, () => services.identity),
    live(TrackingService, () => services.tracking),
    live(EventService, () => services.events),
    live(ProfileService, () => services.profiles),
    live(DeviceService, () => services.devices),
    live(PushService, () => services.pushes),
    live(AppService, () => services.apps),
  ];
}

type Handler = (request: unknown, context: unknown) => unknown;

function live(definition: Parameters<typeof hostedService>[0], handlers: () => object): HostedService {
  const called = (name: string): Handler | undefined => (handlers() as Record<string, Handler>)[name];
  const entries = definition.methods.map((method) => {
    const name = method.localName;
    const missing = () => new ConnectError(`${name} is not faked`, Code.Unimplemented);
    async function unary(request: unknown, context: unknown): Promise<unknown> {
      const handler = called(name);
      if (handler === undefined) throw missing();
      return handler(request, context);
    }
    async function* stream(request: unknown, context: unknown): AsyncGenerator<unknown> {
      const handler = called(name);
      if (handler === undefined) throw missing();
      yield* handler(request, context) as AsyncIterable<unknown>;
    }
    return [name, method.methodKind === "unary" ? unary : stream];
  });
  return hostedService(definition, Object.fromEntries(entries));
}
