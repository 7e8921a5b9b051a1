import type { DescService } from "@bufbuild/protobuf";
import type { Transport } from "@connectrpc/connect";
import { DeviceService } from "../../proto/gen/carillon/device/v1/device_service_pb.js";
import { AppService } from "../../proto/gen/carillon/identity/v1/app_service_pb.js";
import { ProfileService } from "../../proto/gen/carillon/identity/v1/profile_service_pb.js";
import { EventService } from "../../proto/gen/carillon/ingestion/v1/event_service_pb.js";
import { VerificationService } from "../../proto/gen/carillon/ingestion/v1/verification_service_pb.js";
import { PushService } from "../../proto/gen/carillon/tracking/v1/push_service_pb.js";
import { type TailReplicasOptions, tailingAll } from "../tail/tail-replicas.ts";

/** How the gateway reaches each service. */
export interface ServiceTransports {
  readonly ingestion: Transport;
  readonly identity: Transport;
  readonly device: Transport;
  readonly tracking: Transport;
}

/** A service of the operator API and where its calls go. */
export interface OperatorService {
  readonly definition: DescService;
  readonly transport: Transport;
  /** `app`: requests are about one app, whose server key opens it. `platform`: the operator token only. */
  readonly scope: "app" | "platform";
}

/** The operator API (operations.md). What is not listed here, the services' own calls above all, is not served. */
export function operatorServices(transports: ServiceTransports, tail: TailReplicasOptions): readonly OperatorService[] {
  return [
    { definition: EventService, transport: tailingAll(transports.ingestion, tail), scope: "app" },
    { definition: VerificationService, transport: transports.ingestion, scope: "app" },
    { definition: ProfileService, transport: transports.identity, scope: "app" },
    { definition: DeviceService, transport: transports.device, scope: "app" },
    { definition: PushService, transport: transports.tracking, scope: "app" },
    { definition: AppService, transport: transports.identity, scope: "platform" },
  ];
}
