import { type Device, owner, revised } from "./device.ts";
import { rootToken, withTokens } from "./tokens.ts";

/** A token refresh as it was received. */
export interface RefreshReport {
  readonly oldToken: string;
  readonly newToken: string;
  /** Milliseconds. */
  readonly receivedMs: number;
}

/** Whether the refresh is in force already: a repeat changes nothing. */
export function hasRefresh(device: Device, report: Pick<RefreshReport, "oldToken" | "newToken">): boolean {
  return device.refreshes.some(
    (refresh) => refresh.oldToken === report.oldToken && refresh.newToken === report.newToken,
  );
}

/**
 * Whether the new token belongs to another user's device: one that is neither nobody's, nor the old device's owner's,
 * nor the user's whom the sender named (http, `/devices/refresh-token`).
 */
export function isOtherUsers(
  newDevice: Device,
  claim: { readonly oldDevice: Device; readonly appUserId: string },
): boolean {
  const user = owner(newDevice);
  return user !== "" && user !== owner(claim.oldDevice) && user !== claim.appUserId;
}

/**
 * The old token's device with a refresh that is accepted now and was not in force before.
 *
 * @param options.other the new token's own device, if it has one
 * @param options.joinKey where the new token is filed, if that does not lead to this device yet
 */
export function refresh(
  device: Device,
  report: RefreshReport,
  options: { readonly other: Device | undefined; readonly joinKey: string | undefined; readonly nowMs: number },
): Device {
  const { other, joinKey, nowMs } = options;
  const { oldToken, newToken, receivedMs } = report;
  const orders = [...device.refreshes, ...(other?.refreshes ?? [])].map((accepted) => accepted.order + 1);
  const after: Device = {
    ...device,
    known: true,
    tokens: withTokens(device.tokens, [oldToken, newToken]),
    refreshes: [...device.refreshes, { oldToken, newToken, order: Math.max(receivedMs, ...orders) }],
    joining: joinKey === undefined ? device.joining : [...device.joining, { key: joinKey, sinceMs: nowMs }],
  };
  // The anonymous profile is named for the root token, so another root moves all that floats.
  const moved = rootToken(after) === rootToken(device) ? null : device.floating;
  return revised({ device: after, moved, nowMs });
}
