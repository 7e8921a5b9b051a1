import { gatewayUrl } from "../src/gateway-url.ts";
import { isReported, openedBody, openedUrl } from "../src/open-channel.ts";
import { type Outcome, post } from "../src/post.ts";
import { NETWORK_RETRIES, retryWaitMs } from "../src/retry.ts";
import { warn } from "../src/warn.ts";
import { type OpenQueue, openOpenQueue } from "./open-queue.ts";

/** Tag of the background synchronization by which a browser that is online again wakes the worker. */
const SYNC_TAG = "carillon-opens";
/** Longest wait that a worker is kept awake for, in milliseconds; browsers stop it after some 30 s. */
const MAX_WAIT_MS = 10_000;

export interface NotificationClickOptions {
  /** Address of the gateway, such as `https://events.example.com`. */
  readonly endpoint: string;
  readonly tenantId: string;
  /** Public `api_key` of the app, never the `server_key`. */
  readonly apiKey: string;
  /** Finds the tracking token in a notification's `data`; where absent, it is `data.tracking_token`. */
  readonly trackingToken?: (data: unknown) => string | undefined;
}

// As far as they are used here: TypeScript's types of a worker exclude those of a page, which `src/` is checked with.
interface WorkerEvent extends Event {
  waitUntil(work: Promise<unknown>): void;
}
interface ClickEvent extends WorkerEvent {
  readonly notification: { readonly data: unknown };
}
interface Worker {
  readonly registration: { readonly sync?: { register(tag: string): Promise<void> } };
}

/**
 * Reports each click on a notification that carries a tracking token, also one that was made offline. To be called
 * while the worker's script runs first; it opens no window, that stays with the worker's own handler.
 *
 * @throws TypeError where `endpoint` is no http or https URL
 */
export function reportNotificationClicks(options: NotificationClickOptions): void {
  const { endpoint, tenantId, apiKey, trackingToken = tokenOf } = options;
  const url = openedUrl(gatewayUrl(endpoint));
  let opening: Promise<OpenQueue> | undefined;
  let sending: Promise<void> = Promise.resolve();

  function queue(): Promise<OpenQueue> {
    opening ??= openOpenQueue(`carillon:${tenantId}:${apiKey}`);
    return opening;
  }

  async function report(token: string): Promise<Outcome> {
    const outcome = await post(url, openedBody({ tenantId, apiKey, trackingToken: token }));
    if (outcome.kind === "refused") warn(`open not accepted and dropped: ${outcome.status} ${outcome.reason}`);
    if (outcome.kind === "accepted" && !isReported(outcome.answer)) {
      return { kind: "failed", reason: "the answer is not the gateway's" };
    }
    return outcome;
  }

  /** Reports what waits; where that fails for long it keeps waiting, and the browser is asked to wake the worker. */
  async function send(): Promise<void> {
    const opens = await queue();
    let failures = 0;
    for (let [token] = await opens.list(); token !== undefined; [token] = await opens.list()) {
      const outcome = await report(token);
      if (outcome.kind !== "failed") {
        await opens.remove(token);
        failures = 0;
        continue;
      }
      failures++;
      const waitMs = retryWaitMs(failures, outcome.retryAfterMs ?? 0);
      if (failures > NETWORK_RETRIES || waitMs > MAX_WAIT_MS) return wakeLater();
      await new Promise((resolve) => setTimeout(resolve, waitMs));
    }
  }

  /** One after the other: what was added meanwhile is found by the next. */
  function flush(): Promise<void> {
    sending = sending.then(send, send);
    return sending;
  }

  async function clicked(token: string): Promise<void> {
    try {
      await (await queue()).add(token);
    } catch {
      // No database (blocked, full): there is one try, now.
      await report(token);
      return;
    }
    await flush();
  }

  addEventListener("notificationclick", (event) => {
    const { notification } = event as ClickEvent;
    const token = trackingToken(notification.data);
    if (token !== undefined) (event as ClickEvent).waitUntil(clicked(token));
  });
  // Whenever the worker is awake anyway, what waits gets its chance.
  for (const occasion of ["activate", "push", "sync"]) {
    addEventListener(occasion, (event) => (event as WorkerEvent).waitUntil(flush()));
  }
}

async function wakeLater(): Promise<void> {
  const { sync } = (globalThis as unknown as Worker).registration;
  try {
    await sync?.register(SYNC_TAG);
  } catch (error) {
    // The user may forbid it; the next click or push finds what waits.
    warn(`opens wait for the next notification: ${error}`);
  }
}

function tokenOf(data: unknown): string | undefined {
  const token = typeof data === "object" && data !== null && "tracking_token" in data ? data.tracking_token : undefined;
  return typeof token === "string" ? token : undefined;
}
