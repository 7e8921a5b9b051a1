import type { Channel } from "./channel.ts";
import type { Queue } from "./queue.ts";
import { warn } from "./warn.ts";

/** Most events that the gateway takes in one request. */
const MAX_EVENTS = 50;

export interface EventChannelOptions {
  readonly queue: Queue;
  readonly endpoint: string;
  readonly appId: string;
}

/** Events, in batches to `POST /v1/web/events`. */
export function eventChannel({ queue, endpoint, appId }: EventChannelOptions): Channel {
  return {
    queue,
    url: `${endpoint}/v1/web/events`,
    maxItems: MAX_EVENTS,
    body: (items) => `{"app_id":${JSON.stringify(appId)},"events":[${items.map(({ text }) => text).join(",")}]}`,
    done(items, answer) {
      const { results } = (answer ?? {}) as Partial<Answer>;
      return items.filter((_, at) => isDone(results?.[at]));
    },
  };
}

/** What the gateway says of a batch, in the order of its events. */
interface Answer {
  readonly results: readonly Result[];
}

type Result =
  | { readonly status: "stored" | "duplicate" | "retry" }
  | { readonly status: "rejected"; readonly error: { readonly message: string } };

/** Whether an event needs no further request; not where nothing is said of it. */
function isDone(result: Result | undefined): boolean {
  if (result?.status === "rejected") warn(`an event was not accepted and is dropped: ${result.error.message}`);
  return result !== undefined && result.status !== "retry";
}
