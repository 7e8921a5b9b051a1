import { create } from "@bufbuild/protobuf";
import {
  type AttributionScope,
  ObservationOutcome_Attribution as By,
  GetAttributionScopesRequestSchema,
  ListUnsettledRequestSchema,
  MarkSettledRequestSchema,
  Observation_Kind,
  ObserveDevicesRequestSchema,
} from "../../../proto/gen/carillon/device/v1/device_registry_service_pb.js";
import type { DeviceContext } from "../../../services/device/context.ts";
import { getAttributionScopes } from "../../../services/device/get-attribution-scopes.ts";
import { listUnsettled } from "../../../services/device/list-unsettled.ts";
import { markSettled } from "../../../services/device/mark-settled.ts";
import { observeDevices } from "../../../services/device/observe-devices.ts";
import { deviceKeyOf } from "../../../services/runtime/device-key.ts";
import type { AcceptedEvent } from "../../model/accepted.ts";

export const app = { tenantId: "t", appId: "a" };
export const DAY = 24 * 3_600_000;

export interface Attributed {
  readonly appUserId: string;
  readonly attributedBy: string;
}

/** An event as stored: whom it is attributed to, by which version of its device. */
interface Stored extends AcceptedEvent, Attributed {
  readonly effectiveMs: number;
  readonly late: boolean;
  readonly version: number;
}

/**
 * Does with the device service what decision 0001 has ingestion do, without any of its care for speed: events are
 * stored before their device hears of them, and an attribution is stored with the device's version that decided it.
 */
export function miniatureIngestion(context: DeviceContext, pause: () => Promise<void>) {
  const stored = new Map<string, Stored>();
  const observed = new Set<string>();

  function floats(event: Stored): boolean {
    return event.sentAppUserId === "";
  }

  function decide(event: Stored, scope: AttributionScope): Attributed {
    const timeline = [...stored.values()]
      .filter(
        (other) => other.kind === "device" && !other.late && scope.deviceKeys.includes(deviceKeyOf(other.deviceToken)),
      )
      .sort((a, b) => a.effectiveMs - b.effectiveMs || (a.fingerprint < b.fingerprint ? -1 : 1));
    if (event.kind === "hash") {
      if (!scope.known) return { appUserId: "", attributedBy: "" };
      const last = timeline
        .filter(
          (other) =>
            other.effectiveMs < event.effectiveMs ||
            (other.effectiveMs === event.effectiveMs && other.fingerprint < event.fingerprint),
        )
        .at(-1);
      if (last !== undefined && last.sentAppUserId !== "" && last.eventName !== "logged_out")
        return { appUserId: last.sentAppUserId, attributedBy: "" };
    }
    const border = timeline.find((other) => other.sentAppUserId !== "" && other.effectiveMs >= event.effectiveMs);
    if (border === undefined || scope.unlinkedAppUserIds.includes(border.sentAppUserId)) {
      return { appUserId: `anon:${scope.rootToken}`, attributedBy: "" };
    }
    return { appUserId: border.sentAppUserId, attributedBy: border.fingerprint };
  }

  async function attribute(
    event: Stored,
    decision: { readonly to: Attributed; readonly version: number },
  ): Promise<void> {
    await pause();
    const current = stored.get(event.fingerprint)!;
    if (current.version < decision.version)
      stored.set(event.fingerprint, { ...current, ...decision.to, version: decision.version });
  }

  async function settle(key: string): Promise<void> {
    for (;;) {
      const { scopes } = await getAttributionScopes(context)(
        create(GetAttributionScopesRequestSchema, { ...app, deviceKeys: [key] }),
      );
      const scope = scopes[0];
      if (scope?.due === undefined) return;
      const { fromMs, toMs, version } = scope.due;
      for (const event of stored.values()) {
        const within =
          event.effectiveMs >= fromMs &&
          event.effectiveMs <= toMs &&
          scope.deviceKeys.includes(deviceKeyOf(event.deviceToken));
        if (floats(event) && within)
          await attribute(event, { to: decide(event, scope), version: Number(scope.version) });
      }
      await pause();
      await markSettled(context)(create(MarkSettledRequestSchema, { ...app, deviceKey: key, dueVersion: version }));
    }
  }

  return {
    stored: stored as ReadonlyMap<string, Stored>,
    settle,
    unobserved: (): AcceptedEvent[] => [...stored.values()].filter(({ fingerprint }) => !observed.has(fingerprint)),

    async observe(events: readonly AcceptedEvent[]): Promise<void> {
      for (const event of events) {
        const late = event.eventMs! < event.receivedMs - 30 * DAY;
        if (!stored.has(event.fingerprint))
          stored.set(event.fingerprint, {
            ...event,
            effectiveMs: event.eventMs!,
            late,
            appUserId: "",
            attributedBy: "",
            version: 0,
          });
      }
      await pause();
      const own = events.map(({ fingerprint }) => stored.get(fingerprint)!);
      const { outcomes, scopes } = await observeDevices(context)(
        create(ObserveDevicesRequestSchema, { observations: own.map(observation) }),
      );
      for (const [index, event] of own.entries()) {
        const { attribution, ownerAppUserId, scope: at } = outcomes[index]!;
        const scope = scopes[at]!;
        const decisions = {
          [By.UNSPECIFIED]: () => ({ appUserId: event.sentAppUserId, attributedBy: "" }),
          [By.ANONYMOUS_PROFILE]: () => ({ appUserId: `anon:${scope.rootToken}`, attributedBy: "" }),
          [By.OWNER]: () => ({ appUserId: ownerAppUserId, attributedBy: "" }),
          [By.BY_TIMELINE]: () => decide(event, scope),
          [By.WAITING]: () => ({ appUserId: "", attributedBy: "" }),
        };
        await pause();
        await attribute(event, { to: decisions[attribution](), version: Math.max(Number(scope.version), 1) });
        observed.add(event.fingerprint);
      }
      for (const scope of scopes) if (scope.due !== undefined) await settle(scope.deviceKeys[0]!);
    },

    async sweep(): Promise<void> {
      const { devices } = await listUnsettled(context)(
        create(ListUnsettledRequestSchema, { dueBeforeMs: Number.MAX_SAFE_INTEGER, limit: 100 }),
      );
      for (const { deviceKey: key } of devices) await settle(key);
    },
  };
}

function observation(event: Stored) {
  const { platform, pushPermissionGranted, timezone, language, country } = event;
  const kind = event.sentAppUserId === "" ? Observation_Kind.ANONYMOUS : Observation_Kind.IDENTIFIED;
  return {
    ...app,
    deviceKey: deviceKeyOf(event.deviceToken),
    deviceToken: event.kind === "hash" ? "" : event.deviceToken,
    kind: event.kind === "hash" ? Observation_Kind.HASH : kind,
    effectiveTimeMs: event.effectiveMs,
    fingerprint: event.fingerprint,
    late: event.late,
    appUserId: event.sentAppUserId,
    leaves: event.eventName === "logged_out",
    attributes: { platform, pushPermissionGranted, timezone, language, country },
  };
}
