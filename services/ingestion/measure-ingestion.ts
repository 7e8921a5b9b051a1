import type { DescService } from "@bufbuild/protobuf";
import type { MethodImpl, ServiceImpl } from "@connectrpc/connect";
import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import {
  IngestionService,
  EventVerdict_Outcome as Outcome,
} from "../../proto/gen/carillon/ingestion/v1/ingestion_service_pb.js";
import type { Clock } from "../runtime/clock.ts";
import type { HostedService } from "../runtime/hosted-service.ts";
import type { Ingestion } from "./service.ts";

type Handlers = ServiceImpl<DescService>;
type IngestEvents = MethodImpl<typeof IngestionService.method.ingestEvents>;

const outcomes: ReadonlyMap<Outcome, string> = new Map([
  [Outcome.STORED, "stored"],
  [Outcome.DUPLICATE, "duplicate"],
]);

/**
 * The services of ingestion with their batches and what became of the events measured, and with the effects that are
 * still to come: what waits in this process, and since when the longest outstanding one of the whole system is.
 */
export function measureIngestion(
  ingestion: Ingestion,
  { registry, clock }: { readonly registry: Registry; readonly clock: Clock },
): HostedService[] {
  const events = new Counter({
    name: "carillon_ingestion_events_total",
    help: "Events taken in, by outcome; a duplicate was stored before.",
    labelNames: ["outcome"],
    registers: [registry],
  });
  const batches = new Histogram({
    name: "carillon_ingestion_batch_events",
    help: "Events of a batch.",
    buckets: [1, 2, 4, 8, 16, 32, 64, 128, 256],
    registers: [registry],
  });
  new Gauge({
    name: "carillon_effects_queue_events",
    help: "Events whose effects wait for their turn in this process.",
    registers: [registry],
    collect() {
      this.set(ingestion.backlog.waitingEvents());
    },
  });
  new Gauge({
    name: "carillon_effects_lag_seconds",
    help: "How long the longest outstanding effects are outstanding, over all replicas; NaN while the store is away.",
    registers: [registry],
    async collect() {
      const since = await ingestion.backlog.oldestPendingMs().catch(() => Number.NaN);
      this.set(since === undefined ? 0 : Math.max(0, clock.now() - since) / 1000);
    },
  });

  return ingestion.services.map(({ definition, handlers }) => {
    if (definition.typeName !== IngestionService.typeName) return { definition, handlers };
    const ingestEvents = (handlers as unknown as { readonly ingestEvents: IngestEvents }).ingestEvents;
    const measured: IngestEvents = async (request, context) => {
      batches.observe(request.events.length);
      const answer = await ingestEvents(request, context);
      for (const { outcome = Outcome.UNSPECIFIED } of answer.verdicts ?? [])
        events.inc({ outcome: outcomes.get(outcome) ?? "unknown" });
      return answer;
    };
    return { definition, handlers: { ...handlers, ingestEvents: measured as unknown as Handlers[string] } };
  });
}
