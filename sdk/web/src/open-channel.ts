import type { Channel } from "./channel.ts";
import type { Queue } from "./queue.ts";

export interface OpenChannelOptions {
  readonly queue: Queue;
  readonly endpoint: string;
  readonly tenantId: string;
  readonly apiKey: string;
}

/** Opened pushes, one a request to `POST /pushes/opened`; an item's text is its tracking token. */
export function openChannel({ queue, endpoint, tenantId, apiKey }: OpenChannelOptions): Channel {
  return {
    queue,
    url: openedUrl(endpoint),
    maxItems: 1,
    body: ([item]) => openedBody({ tenantId, apiKey, trackingToken: item!.text }),
    done: (items, answer) => (isReported(answer) ? items : []),
  };
}

/** Where opened pushes are reported. */
export function openedUrl(endpoint: string): string {
  return `${endpoint}/pushes/opened`;
}

/** Body of a report. */
export function openedBody(opened: { tenantId: string; apiKey: string; trackingToken: string }): string {
  return JSON.stringify({
    tenant_id: opened.tenantId,
    api_key: opened.apiKey,
    tracking_token: opened.trackingToken,
  });
}

/** Whether an answer is the gateway's, and not that of something between here and there. */
export function isReported(answer: unknown): boolean {
  return (answer as { readonly success?: unknown } | null)?.success === true;
}
