import { create } from "@bufbuild/protobuf";
import {
  AttributionScopeSchema,
  type DeviceState,
} from "../../../proto/gen/carillon/device/v1/device_registry_service_pb.js";
import type { AppKey } from "../../runtime/app-key.ts";
import type { IngestionContext } from "../context.ts";
import { Timeline } from "../effects/attribution.ts";
import type { StoredEvent } from "../event.ts";
import { wholeOrder } from "../event-order.ts";
import { type DeviceSurvey, deviceFindings, isDue, keysOf, misattributed } from "./device-fields.ts";
import type { Finding } from "./finding.ts";
import { countedEntries, journalFindings, storedEntries } from "./journal-findings.ts";
import { latestEventOf, rootOf } from "./recompute-device.ts";
import { eventPages, floatingPushPages } from "./timeline-event.ts";

/** Events attributed at once. */
const PAGE = 500;
/** Findings kept of one device; what is wrong with more of it is found again after a repair. */
const MOST_FINDINGS = 1_000;
const everywhere = { fromMs: Number.NEGATIVE_INFINITY, toMs: Number.POSITIVE_INFINITY };

/** A device whose events and pushes are looked at page by page. */
interface LargeDevice {
  readonly context: IngestionContext;
  readonly app: AppKey;
  readonly state: DeviceState;
  readonly deviceKeys: readonly string[];
}

/** What floats on it, and what is wrong with that. */
interface Floating {
  extent: { readonly fromMs: number; readonly toMs: number } | null;
  hashToMs: number | null;
  readonly findings: Finding[];
}

/** Compares a device with look-ups among its stored events, which may be any number. */
export async function surveyLargeDevice(
  context: IngestionContext,
  app: AppKey,
  state: DeviceState,
): Promise<DeviceSurvey> {
  const device: LargeDevice = { context, app, state, deviceKeys: keysOf(state) };
  const [last, border] = await Promise.all([
    context.events.deviceEventBefore(app, device.deviceKeys, wholeOrder.before),
    context.events.borderBefore(app, device.deviceKeys, wholeOrder.before),
  ]);
  const latest = last && (await context.events.get(app, last.fingerprint));
  const known = latest !== undefined || state.refreshes.length > 0;
  const tokens = tokensOf(state, latest);
  const timeline = timelineOf(device, { known, tokens });
  const floating: Floating = { extent: null, hashToMs: null, findings: [] };
  await surveyIdentified(device, floating);
  await surveyFloating(device, timeline, floating);
  await surveyPushes(device, timeline, floating);
  const derived = {
    tokens,
    known,
    latest: latest === undefined ? null : latestEventOf(latest),
    latestIdentified:
      border === undefined ? null : { effectiveMs: border.effectiveMs, fingerprint: border.fingerprint },
    floating: floating.extent,
    hashToMs: floating.hashToMs,
  };
  return { derived, findings: [...deviceFindings(state, derived, undefined), ...floating.findings] };
}

/** Those of its refreshes; without any there is one, which its events name. */
function tokensOf({ refreshes, observed }: DeviceState, latest: StoredEvent | undefined): string[] {
  const refreshed = refreshes.flatMap(({ oldToken, newToken }) => [oldToken, newToken]);
  if (refreshed.length > 0) return [...new Set(refreshed)].sort();
  return latest === undefined ? [...(observed?.tokens ?? [])] : [latest.deviceToken];
}

function timelineOf(
  { context, app, state, deviceKeys }: LargeDevice,
  { known, tokens }: { readonly known: boolean; readonly tokens: readonly string[] },
): Timeline {
  const { refreshes, unlinkedAppUserIds, ownerErased } = state;
  const rootToken = rootOf(tokens, refreshes);
  const scope = { deviceKeys: [...deviceKeys], rootToken, unlinkedAppUserIds, known };
  return new Timeline(
    context.events,
    app,
    create(AttributionScopeSchema, { ...scope, ...(ownerErased && { ownerErased }) }),
  );
}

async function surveyIdentified({ context, app, deviceKeys }: LargeDevice, floating: Floating): Promise<void> {
  for (const deviceKey of deviceKeys) {
    for await (const page of eventPages(context, app, { deviceKey })) {
      for (const event of page.filter(({ role }) => role === "identified")) {
        const sender = { appUserId: event.sentAppUserId, attributedBy: "" };
        const thing = { kind: "event", subject: event.fingerprint, explained: event.pending } as const;
        add(floating, misattributed(thing, sender, event));
      }
    }
  }
}

async function surveyFloating(device: LargeDevice, timeline: Timeline, floating: Floating): Promise<void> {
  const { context, app, state, deviceKeys } = device;
  for (let after: StoredEvent | undefined, more = true; more; ) {
    const range = { ...everywhere, limit: PAGE, ...(after && { after }) };
    const page = await context.events.floating(app, deviceKeys, range);
    for (const event of page) {
      const { effectiveMs, fingerprint, role, pending } = event;
      widen(floating, effectiveMs);
      if (role === "hash") floating.hashToMs = Math.max(floating.hashToMs ?? effectiveMs, effectiveMs);
      const thing = { kind: "event", subject: fingerprint, explained: pending || isDue(state, effectiveMs) } as const;
      add(floating, misattributed(thing, await timeline.attribute(event), event));
    }
    const causes = page.map(({ attributedBy }) => attributedBy);
    add(floating, await surveyJournal(device, causes, { explained: page.some(({ pending }) => pending) }));
    more = page.length === PAGE;
    after = page.at(-1);
  }
}

async function surveyPushes(device: LargeDevice, timeline: Timeline, floating: Floating): Promise<void> {
  for await (const page of floatingPushPages(device.context, device.app, device.deviceKeys)) {
    for (const { sentTimeMs, trackingToken, attribution, pending } of page) {
      widen(floating, sentTimeMs);
      const explained = pending || isDue(device.state, sentTimeMs);
      const thing = { kind: "push", subject: trackingToken, explained } as const;
      add(floating, misattributed(thing, await timeline.attributeAt(sentTimeMs), attribution));
    }
    const causes = page.map(({ attribution }) => attribution?.attributedBy ?? "");
    add(floating, await surveyJournal(device, causes, { explained: page.some(({ pending }) => pending) }));
  }
}

/** Entries of the causes that one page names. */
async function surveyJournal(
  { context, app }: LargeDevice,
  attributedBy: readonly string[],
  { explained }: { readonly explained: boolean },
): Promise<Finding[]> {
  const causes = [...new Set(attributedBy)].filter((cause) => cause !== "");
  const stored = await storedEntries(context, app, causes);
  const counted = await countedEntries(context, app, causes);
  return causes.flatMap((cause) =>
    journalFindings(cause, { expected: counted.get(cause), actual: stored.get(cause), explained }),
  );
}

function widen(floating: Floating, ms: number): void {
  const { fromMs, toMs } = floating.extent ?? { fromMs: ms, toMs: ms };
  floating.extent = { fromMs: Math.min(fromMs, ms), toMs: Math.max(toMs, ms) };
}

function add({ findings }: Floating, more: readonly Finding[]): void {
  if (findings.length < MOST_FINDINGS) findings.push(...more);
}
