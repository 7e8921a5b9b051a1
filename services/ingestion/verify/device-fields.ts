import type { DeviceState, ObservedDevice } from "../../../proto/gen/carillon/device/v1/device_registry_service_pb.js";
import { deviceKeyOf } from "../../runtime/device-key.ts";
import type { Attribution } from "../event.ts";
import { type Finding, isSameFinding, json } from "./finding.ts";
import type { RecomputedDevice } from "./recompute-device.ts";

/** What follows from a device's events and pushes about the device itself. */
export type DerivedDevice = Omit<RecomputedDevice, "eventOwners" | "pushOwners">;

/** What was found of a device: what it should keep, and what of its events, pushes and journal is not right. */
export interface DeviceSurvey {
  readonly derived: DerivedDevice;
  readonly findings: readonly Finding[];
}

/** Keys of all tokens that a device has, also of those that only its refreshes name. */
export function keysOf({ deviceKey, observed, refreshes }: DeviceState): string[] {
  const tokens = [...(observed?.tokens ?? []), ...refreshes.flatMap(({ oldToken, newToken }) => [oldToken, newToken])];
  return [...new Set([deviceKey, ...tokens.map(deviceKeyOf)])];
}

/** Whether attribution at a time is marked as due. */
export function isDue({ due }: DeviceState, ms: number): boolean {
  return due !== undefined && due.fromMs <= ms && ms <= due.toMs;
}

/** An event or push that is attributed to somebody else than it should be. */
export function misattributed(
  thing: Pick<Finding, "kind" | "subject" | "explained">,
  expected: Attribution,
  actual: Attribution | undefined,
): Finding[] {
  const finding = {
    ...thing,
    field: "attribution",
    expected: json(plain(expected)),
    actual: json(actual && plain(actual)),
  };
  return finding.expected === finding.actual ? [] : [finding];
}

function plain({ appUserId, attributedBy }: Attribution): Attribution {
  return { appUserId, attributedBy };
}

/**
 * Where a device keeps something else than follows from its events and pushes.
 *
 * What floats must lie within the extents that are kept; they may be wider, because an erasure leaves them.
 *
 * @param withoutPending what follows without those events whose effects are outstanding; what agrees with it is explained
 */
export function deviceFindings(
  state: DeviceState,
  derived: DerivedDevice,
  withoutPending: DerivedDevice | undefined,
): Finding[] {
  const settled = withoutPending === undefined ? undefined : differences(state, withoutPending);
  return differences(state, derived).map((finding) => ({
    ...finding,
    explained: settled !== undefined && !settled.some(({ field }) => field === finding.field),
  }));
}

function differences(state: DeviceState, derived: DerivedDevice): Finding[] {
  const actual = fieldsOf(state);
  const rules: readonly (readonly [field: keyof DerivedDevice, isRight: boolean])[] = [
    ["tokens", hasRightTokens(state, derived)],
    ["known", actual.known === derived.known],
    ["latest", json(actual.latest) === json(derived.latest)],
    ["latestIdentified", json(actual.latestIdentified) === json(derived.latestIdentified)],
    ["floating", holds(actual.floating, derived.floating)],
    ["hashToMs", derived.hashToMs === null || (actual.hashToMs !== null && actual.hashToMs >= derived.hashToMs)],
  ];
  return rules
    .filter(([, isRight]) => !isRight)
    .map(([field]) => ({
      kind: "device",
      subject: state.deviceKey,
      field,
      expected: json(derived[field]),
      actual: json(actual[field]),
      explained: false,
    }));
}

/** The device has all tokens that it should; of others only one that it is filed under, as erasures leave it. */
function hasRightTokens({ deviceKey, observed }: DeviceState, derived: DerivedDevice): boolean {
  const actual = observed?.tokens ?? [];
  const isLeft = (token: string) => deviceKeyOf(token) === deviceKey;
  return (
    derived.tokens.every((token) => actual.includes(token)) &&
    actual.every((token) => derived.tokens.includes(token) || isLeft(token))
  );
}

function holds(outer: DerivedDevice["floating"], inner: DerivedDevice["floating"]): boolean {
  if (inner === null) return true;
  return outer !== null && outer.fromMs <= inner.fromMs && outer.toMs >= inner.toMs;
}

/** What the device keeps, in the shape in which it is computed. */
function fieldsOf({ observed }: DeviceState): DerivedDevice {
  const { tokens = [], known = false, latest, latestIdentified, floating, hashToMs } = observed ?? {};
  const place = (position: { effectiveTimeMs: number; fingerprint: string }) => ({
    effectiveMs: position.effectiveTimeMs,
    fingerprint: position.fingerprint,
  });
  const attributesOf = ({ attributes }: NonNullable<typeof latest>) => ({
    platform: attributes?.platform ?? "",
    pushPermissionGranted: attributes?.pushPermissionGranted ?? false,
    timezone: attributes?.timezone ?? "",
    language: attributes?.language ?? "",
    country: attributes?.country ?? "",
  });
  return {
    tokens: [...tokens],
    known,
    latest:
      latest?.position === undefined
        ? null
        : {
            ...place(latest.position),
            appUserId: latest.appUserId,
            leaves: latest.leaves,
            attributes: attributesOf(latest),
          },
    latestIdentified: latestIdentified === undefined ? null : place(latestIdentified),
    floating: floating === undefined ? null : { fromMs: floating.fromMs, toMs: floating.toMs },
    hashToMs: hashToMs ?? null,
  };
}

/** What is computed, as the device service takes it. */
export function observedMessage(
  { tokens, known, latest, latestIdentified, floating, hashToMs }: DerivedDevice,
  left: readonly string[],
): Omit<ObservedDevice, "$typeName" | "latest" | "latestIdentified" | "floating"> & object {
  const position = ({ effectiveMs: effectiveTimeMs, fingerprint }: { effectiveMs: number; fingerprint: string }) => ({
    effectiveTimeMs,
    fingerprint,
  });
  return {
    tokens: [...new Set([...tokens, ...left])].sort(),
    known,
    ...(latest && {
      latest: {
        position: position(latest),
        appUserId: latest.appUserId,
        leaves: latest.leaves,
        attributes: latest.attributes,
      },
    }),
    ...(latestIdentified && { latestIdentified: position(latestIdentified) }),
    ...(floating && { floating }),
    ...(hashToMs !== null && { hashToMs }),
  };
}

/** Findings without those that say the same as another. */
export function distinctFindings(findings: readonly Finding[]): Finding[] {
  return findings.filter((finding, i) => findings.findIndex((other) => isSameFinding(other, finding)) === i);
}
