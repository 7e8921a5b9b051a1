import { Gauge, type Registry } from "prom-client";

interface Queue {
  queueAgeMs(): number;
}

/** Shows how long the oldest element of each queue has waited: by this age the gateway sheds load. */
export function registerQueueGauges(registry: Registry, queues: Readonly<Record<string, Queue>>): void {
  new Gauge({
    name: "carillon_gateway_queue_age_seconds",
    help: "How long the oldest element of a queue has waited for a call.",
    labelNames: ["queue"],
    registers: [registry],
    collect() {
      for (const [queue, { queueAgeMs }] of Object.entries(queues)) this.set({ queue }, queueAgeMs() / 1000);
    },
  });
}
