import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Accepted, AcceptedEvent, PushReport } from "../model/accepted.ts";
import { type Random, randomOf } from "../simulation/random.ts";

/** Milliseconds between two operations of a worker, before a repetition, and that one request may take. */
const PACE_MS = 15;
const RETRY_MS = 100;
const TIMEOUT_MS = 10_000;
const MINUTE_MS = 60_000;
const WORKERS = 6;
const DEVICES_OF_A_WORKER = 4;

export interface LoadOptions {
  readonly url: string;
  readonly app: { readonly tenantId: string; readonly appId: string; readonly apiKey: string };
  readonly operatorToken: string;
  readonly seed: number;
  /** Neither token refreshes nor pushes. */
  readonly eventsOnly?: boolean;
}

/** Requests of many clients at once; each is repeated with the same content until it is answered with 200. */
export interface Load {
  /** Resolves once every client has sent an event of each of its devices. */
  readonly underWay: Promise<void>;
  /** Fingerprints of the events that were answered with 200 so far. */
  acknowledged(): string[];
  /** Begins nothing new; resolves with what was accepted once everything that was begun is. */
  finish(): Promise<LoadResult>;
}

export interface LoadResult {
  /** Everything was acknowledged, so this is what the state has to follow from. Times of receipt are still missing. */
  readonly accepted: Accepted;
  /** How often each answer was given; `none` where there was no answer. */
  readonly answers: ReadonlyMap<string, number>;
  /** The longest that a request waited for an answer of any kind, milliseconds. */
  readonly longestMs: number;
  /** The longest from an operation's first request to its acknowledgement, milliseconds. */
  readonly longestOutageMs: number;
}

interface Device {
  readonly tokens: string[];
}

export function startLoad({ url, app, operatorToken, seed, eventsOnly = false }: LoadOptions): Load {
  const random = randomOf(seed);
  const startMs = Date.now() - 120 * MINUTE_MS;
  const events: AcceptedEvent[] = [];
  const refreshes: Accepted["refreshes"][number][] = [];
  const pushes: Accepted["pushes"][number][] = [];
  const reports: PushReport[] = [];
  const answers = new Map<string, number>();
  let longestMs = 0;
  let longestOutageMs = 0;
  let finishing = false;

  async function post(path: string, body: object, headers: object = {}): Promise<Record<string, unknown> | undefined> {
    const began = performance.now();
    const answer = await fetch(new URL(path, url), {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    })
      .then(
        async (response) => ({ status: `${response.status}`, text: await response.text() }),
        () => ({ status: "none", text: "" }),
      )
      .catch(() => ({ status: "none", text: "" }));
    longestMs = Math.max(longestMs, performance.now() - began);
    answers.set(answer.status, (answers.get(answer.status) ?? 0) + 1);
    if (answer.status === "200") return JSON.parse(answer.text) as Record<string, unknown>;
    if (/^4/.test(answer.status)) throw new Error(`${path} answered ${answer.status}: ${answer.text}`);
    return undefined;
  }

  async function untilAccepted(path: string, body: object, headers?: object): Promise<Record<string, unknown>> {
    const began = performance.now();
    for (;;) {
      const answer = await post(path, body, headers);
      longestOutageMs = Math.max(longestOutageMs, performance.now() - began);
      if (answer !== undefined) return answer;
      await sleep(RETRY_MS);
    }
  }

  async function sendEvent(device: Device, chance: Random): Promise<void> {
    const event = {
      kind: "device" as const,
      sentAppUserId: chance.chance(0.4) ? `user-${chance.below(8)}` : "",
      eventName: chance.pick(["product_viewed", "app_opened", "purchased", "logged_out"]),
      eventMs: startMs + chance.below(100 * MINUTE_MS),
      deviceToken: chance.pick(device.tokens),
      pushPermissionGranted: chance.chance(0.5),
      platform: chance.pick(["android", "ios", "web"]),
      language: chance.pick(["en", "tr", "de"]),
      country: chance.pick(["US", "TR", "DE"]),
      timezone: chance.pick(["UTC", "Europe/Berlin", "Europe/Istanbul"]),
    };
    const { fingerprint } = await untilAccepted("/events", {
      tenant_id: app.tenantId,
      api_key: app.apiKey,
      ...(event.sentAppUserId !== "" && { app_user_id: event.sentAppUserId }),
      event_name: event.eventName,
      event_time: new Date(event.eventMs).toISOString(),
      device_token: event.deviceToken,
      platform: event.platform,
      push_permission_granted: event.pushPermissionGranted,
      timezone: event.timezone,
      language: event.language,
      country: event.country,
      session_id: "session",
      params: { number: chance.below(1_000_000_000) },
    });
    events.push({ ...event, fingerprint: String(fingerprint), receivedMs: 0 });
  }

  async function refresh(device: Device): Promise<void> {
    const oldToken = device.tokens.at(-1) as string;
    const newToken = `${device.tokens[0]}-${device.tokens.length}`;
    await untilAccepted("/devices/refresh-token", {
      tenant_id: app.tenantId,
      api_key: app.apiKey,
      old_token: oldToken,
      new_token: newToken,
    });
    refreshes.push({ oldToken, newToken });
    device.tokens.push(newToken);
  }

  async function registerPush(device: Device, chance: Random): Promise<void> {
    const trackingToken = randomUUID();
    const deviceToken = chance.pick(device.tokens);
    const appUserId = `anon:${deviceToken}`;
    const sentMs = startMs + chance.below(100 * MINUTE_MS);
    const sentTime = new Date(sentMs).toISOString();
    await askOperator("RegisterPushes", { pushes: [{ trackingToken, appUserId, deviceToken, sentTime }] });
    pushes.push({ trackingToken, appUserId, deviceToken, sentMs, registeredMs: Date.now() });
    if (chance.chance(0.5)) return;
    const atMs = sentMs + chance.below(MINUTE_MS);
    const deliveredTime = new Date(atMs).toISOString();
    await askOperator("ReportDeliveries", { reports: [{ trackingToken, deliveredTime }] });
    reports.push({ trackingToken, receivedMs: Date.now(), of: "delivery", atMs });
  }

  function askOperator(method: string, request: object): Promise<unknown> {
    const { tenantId, appId } = app;
    const authorization = `Bearer ${operatorToken}`;
    return untilAccepted(
      `/carillon.tracking.v1.PushService/${method}`,
      { tenantId, appId, ...request },
      { authorization },
    );
  }

  async function work(worker: number, chance: Random): Promise<void> {
    const devices = Array.from({ length: DEVICES_OF_A_WORKER }, (_, i): Device => ({ tokens: [`w${worker}-d${i}`] }));
    for (const device of devices) {
      await sendEvent(device, chance);
      devicesKnown += 1;
      if (devicesKnown === WORKERS * DEVICES_OF_A_WORKER) underWay.resolve();
    }
    while (!finishing) {
      const device = chance.pick(devices);
      const draw = chance.below(20);
      if (eventsOnly) await sendEvent(device, chance);
      else if (draw === 0 && device.tokens.length < 6) await refresh(device);
      else if (draw === 1) await registerPush(device, chance);
      else await sendEvent(device, chance);
      await sleep(PACE_MS);
    }
  }

  let devicesKnown = 0;
  const underWay = Promise.withResolvers<void>();
  const working = Promise.all(Array.from({ length: WORKERS }, (_, worker) => work(worker, random.fork())));
  working.catch(underWay.reject); // told by finish as well
  return {
    underWay: underWay.promise,
    acknowledged: () => events.map(({ fingerprint }) => fingerprint),
    async finish() {
      finishing = true;
      await working;
      const accepted = { events, refreshes, unlinks: [], pushes, reports };
      return { accepted, answers, longestMs: Math.round(longestMs), longestOutageMs: Math.round(longestOutageMs) };
    },
  };
}
