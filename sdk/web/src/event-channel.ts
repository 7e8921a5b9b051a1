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
      const { results } = (answer ?? {}) as { readonly results?: readonly (Result | null | undefined)[] };
      return items.filter((_, at) => isDone(results?.[at]));
    },
  };
}

/** What the gateway says of an event of a batch, in the order in which they were sent; as far as it can be relied on. */
interface Result {
  readonly status?: unknown;
  readonly error?: { readonly message?: unknown };
}

/** Whether an event needs no further request; not where nothing is said of it. */
function isDone(result: Result | null | undefined): boolean {
  const { status, error } = result ?? {};
  if (status === "rejected") warn(`an event was not accepted and is dropped: ${error?.message}`);
  return status === "stored" || status === "duplicate" || status === "rejected";
}
