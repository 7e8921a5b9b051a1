import type { Client } from "@connectrpc/connect";
import {
  type EventVerdict,
  EventVerdict_Outcome,
  type IncomingEvent,
  type IngestionService,
} from "../../proto/gen/carillon/ingestion/v1/ingestion_service_pb.js";
import type { Clock } from "../../services/runtime/clock.ts";
import { tracing } from "../../services/runtime/tracing.ts";
import { type Batcher, type BatcherLimits, createBatcher } from "./batcher.ts";
import { tracedBatches } from "./trace-batches.ts";

/**
 * A call stays under 64 KB, because grpc-js ignores the flow-control window as a server (design.md), and takes at most
 * the 256 events that ingestion accepts. Eight calls under way fill a batch of 32 from 256 connections, and carry
 * 2,000 events a second while effects are so slow that each call takes its full second. The queue holds 5 s of that.
 */
const EVENT_LIMITS: BatcherLimits = {
  calls: 8,
  batchElements: 256,
  batchBytes: 64_000,
  queuedElements: 10_000,
  queuedBytes: 32 * 1024 * 1024,
  callTimeoutMs: 4_000,
};
/** Fields of fixed or short length with their tags, in bytes: fingerprint, hashes, names of 256 characters at most. */
const FIXED_BYTES = 768;

/** Batches events to ingestion. */
export function createEventBatcher(
  ingestion: Client<typeof IngestionService>,
  clock: Clock,
): Batcher<IncomingEvent, EventVerdict> {
  const trace = tracing();
  const create = createBatcher<IncomingEvent, EventVerdict>;
  const createTraced = trace === undefined ? create : tracedBatches("batch of events", trace, create);
  return createTraced({
    clock,
    limits: EVENT_LIMITS,
    sizeOf: eventBytes,
    async send(events, options) {
      const { verdicts } = await ingestion.ingestEvents({ events: [...events] }, options);
      return verdicts.map((verdict) => (verdict.outcome === EventVerdict_Outcome.UNSPECIFIED ? undefined : verdict));
    },
  });
}

function eventBytes(event: IncomingEvent): number {
  const texts = [event.paramsJson, event.contextJson, event.deviceToken, event.sentAppUserId, event.eventName];
  return texts.reduce((bytes, text) => bytes + Buffer.byteLength(text), FIXED_BYTES + 3 * event.userAgent.length);
}
