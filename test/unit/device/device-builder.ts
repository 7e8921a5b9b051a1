import { type Device, type DeviceAttributes, noDevice } from "../../../services/device/device.ts";
import { type Observation, observe } from "../../../services/device/observe.ts";

export const attributes: DeviceAttributes = {
  platform: "web",
  pushPermissionGranted: true,
  timezone: "Europe/Berlin",
  language: "de",
  country: "DE",
};

export function identified(
  effectiveMs: number,
  appUserId: string,
  more: Partial<Extract<Observation, { kind: "identified" }>> = {},
): Observation {
  return {
    kind: "identified",
    effectiveMs,
    fingerprint: `i${effectiveMs}`,
    token: "a",
    appUserId,
    live: { leaves: false, attributes },
    ...more,
  };
}

export function anonymous(
  effectiveMs: number,
  more: Partial<Extract<Observation, { kind: "anonymous" }>> = {},
): Observation {
  return {
    kind: "anonymous",
    effectiveMs,
    fingerprint: `a${effectiveMs}`,
    token: "a",
    live: { leaves: false, attributes },
    ...more,
  };
}

export function hash(effectiveMs: number): Observation {
  return { kind: "hash", effectiveMs, fingerprint: `h${effectiveMs}` };
}

/** A device that has observed each of these at a time of its own. */
export function deviceOf(...observations: readonly Observation[]): Device {
  return observations.reduce((device, observation) => observe(device, [observation], 0), noDevice);
}
