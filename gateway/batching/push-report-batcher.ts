import type { Client } from "@connectrpc/connect";
import type { PushReport, TrackingService } from "../../proto/gen/carillon/tracking/v1/tracking_service_pb.js";
import type { Clock } from "../../services/runtime/clock.ts";
import { tracing } from "../../services/runtime/tracing.ts";
import { type Batcher, type BatcherLimits, createBatcher } from "./batcher.ts";
import { tracedBatches } from "./trace-batches.ts";

/** As for events; reports are small and rarer. */
const PUSH_REPORT_LIMITS: BatcherLimits = {
  calls: 4,
  batchElements: 256,
  batchBytes: 64_000,
  queuedElements: 10_000,
  queuedBytes: 4 * 1024 * 1024,
  callTimeoutMs: 4_000,
};
/** Two ids, a UUID and three times with their tags, in bytes. */
const FIXED_BYTES = 96;

/** Batches reports about pushes to tracking. */
export function createPushReportBatcher(
  tracking: Client<typeof TrackingService>,
  clock: Clock,
): Batcher<PushReport, "durable"> {
  const trace = tracing();
  const create = createBatcher<PushReport, "durable">;
  const createTraced = trace === undefined ? create : tracedBatches("batch of push reports", trace, create);
  return createTraced({
    clock,
    limits: PUSH_REPORT_LIMITS,
    sizeOf: reportBytes,
    async send(reports, options) {
      await tracking.reportPushes({ reports: [...reports] }, options);
      return reports.map(() => "durable");
    },
  });
}

function reportBytes({ tenantId, appId, trackingToken, externalPush }: PushReport): number {
  const bytes = FIXED_BYTES + tenantId.length + appId.length + trackingToken.length;
  if (externalPush === undefined) return bytes;
  const { provider, subscriptionId, launchId, uid } = externalPush;
  return bytes + Buffer.byteLength(provider + subscriptionId + launchId + uid);
}
