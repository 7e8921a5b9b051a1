import { create } from "@bufbuild/protobuf";
import type { Client } from "@connectrpc/connect";
import { LRUCache } from "lru-cache";
import { EventErrorSchema } from "../../proto/gen/carillon/ingestion/v1/event_service_pb.js";
import {
  type IngestionService,
  type RejectedEvent,
  RejectedEventSchema,
} from "../../proto/gen/carillon/ingestion/v1/ingestion_service_pb.js";
import type { Clock } from "../../services/runtime/clock.ts";

/** What waits for a call at most; one call carries all of it. */
const MAX_WAITING = 64;
const MAX_WAITING_SIZE = 48_000;
/** How long rejections of an app that nobody tails are not even kept, and all of them after a failed call, milliseconds. */
const SILENT_MS = 1_000;
const CALL_TIMEOUT_MS = 2_000;
const MAX_APPS = 1_000;
/** Longest texts, in UTF-16 units: of user and token, of names, of messages. */
const MAX_ID = 1_024;
const MAX_NAME = 256;
const MAX_MESSAGE = 512;
const MAX_ERRORS = 16;
/** Keys, whole or cut, as identity makes them: somebody may have put one into the wrong field. */
const KEYS = /c[ps]k_[0-9A-Za-z]{6,}/g;

/** An event that a surface rejected, its fields as they were sent. */
export interface Rejection {
  readonly tenantId: string;
  readonly appId: string;
  readonly surface: string;
  /** Receipt, milliseconds. */
  readonly receivedMs: number;
  readonly eventName?: unknown;
  readonly appUserId?: unknown;
  readonly deviceToken?: unknown;
  /** What the sender was told. */
  readonly errors: readonly { readonly field: string; readonly code: string; readonly message: string }[];
}

export interface Rejections {
  /** Tells those who tail the app, if anybody does. Best effort: never waits, never fails. */
  report(rejection: Rejection): void;
}

interface AppCount {
  readonly tenantId: string;
  readonly appId: string;
  count: number;
}

/**
 * Passes rejections on to ingestion while somebody there tails their app. One call at a time asks: for an app that
 * nobody tails that is at most one small call a second, and none where nothing is rejected.
 */
export function createRejections(
  ingestion: Pick<Client<typeof IngestionService>, "reportRejections">,
  clock: Clock,
): Rejections {
  const silentUntilMs = new LRUCache<string, number>({ max: MAX_APPS });
  let allSilentUntilMs = 0;
  let waiting: RejectedEvent[] = [];
  let waitingSize = 0;
  let unreported = new Map<string, AppCount>();
  let isSending = false;

  function isSilent(app: string): boolean {
    const nowMs = clock.now();
    return nowMs < allSilentUntilMs || nowMs < (silentUntilMs.get(app) ?? 0);
  }

  function countUnreported({ tenantId, appId }: Pick<RejectedEvent, "tenantId" | "appId">): void {
    const app = appOf({ tenantId, appId });
    const known = unreported.get(app);
    if (known !== undefined) known.count += 1;
    else if (unreported.size < MAX_APPS) unreported.set(app, { tenantId, appId, count: 1 });
  }

  async function sendAll(): Promise<void> {
    while (waiting.length > 0) {
      const rejections = waiting;
      const counts = unreported;
      waiting = [];
      waitingSize = 0;
      unreported = new Map();
      await send(rejections, [...counts.values()]);
    }
    isSending = false;
  }

  async function send(rejections: readonly RejectedEvent[], counts: readonly AppCount[]): Promise<void> {
    try {
      const { tailed } = await ingestion.reportRejections(
        { rejections: [...rejections], unreported: [...counts] },
        { timeoutMs: CALL_TIMEOUT_MS },
      );
      for (const [i, rejected] of rejections.entries()) {
        if (tailed[i] !== true) silentUntilMs.set(appOf(rejected), clock.now() + SILENT_MS);
      }
    } catch {
      // Nobody waits for these but who watches; that ingestion cannot be reached shows elsewhere.
      allSilentUntilMs = clock.now() + SILENT_MS;
      for (const rejected of rejections) countUnreported(rejected);
    }
  }

  return {
    report(rejection) {
      if (isSilent(appOf(rejection))) return;
      const rejected = rejectedEvent(rejection);
      const size = sizeOf(rejected);
      if (waiting.length >= MAX_WAITING || waitingSize + size > MAX_WAITING_SIZE) {
        countUnreported(rejected);
        return;
      }
      waiting.push(rejected);
      waitingSize += size;
      if (isSending) return;
      isSending = true;
      // Not at once: what else this turn of the event loop brings goes along.
      setImmediate(() => void sendAll());
    },
  };
}

function appOf({ tenantId, appId }: Pick<RejectedEvent, "tenantId" | "appId">): string {
  return `${tenantId}/${appId}`;
}

function rejectedEvent(rejection: Rejection): RejectedEvent {
  const { tenantId, appId, surface, receivedMs, eventName, appUserId, deviceToken, errors } = rejection;
  return create(RejectedEventSchema, {
    tenantId,
    appId,
    surface,
    receivedTimeMs: receivedMs,
    eventName: textOf(eventName, MAX_NAME),
    sentAppUserId: textOf(appUserId, MAX_ID),
    deviceToken: textOf(deviceToken, MAX_ID),
    errors: errors
      .slice(0, MAX_ERRORS)
      .map(({ field, code, message }) =>
        create(EventErrorSchema, { field: textOf(field, MAX_NAME), code, message: textOf(message, MAX_MESSAGE) }),
      ),
  });
}

/** A text cut to its length, without keys and lone surrogates; empty for anything else. */
function textOf(value: unknown, maxLength: number): string {
  return typeof value === "string" ? value.slice(0, maxLength).replaceAll(KEYS, "[key]").toWellFormed() : "";
}

/** UTF-16 units of what is sent, rather too many than too few. */
function sizeOf({ eventName, sentAppUserId, deviceToken, errors }: RejectedEvent): number {
  const texts = [eventName, sentAppUserId, deviceToken, ...errors.flatMap(({ field, message }) => [field, message])];
  return texts.reduce((size, text) => size + text.length, 256 + 32 * errors.length);
}
