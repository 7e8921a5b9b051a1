/** What was accepted of one app: the whole input of the state (contract: semantics). Times are milliseconds. */
export interface Accepted {
  /** Distinct events; the order of the array means nothing. */
  readonly events: readonly AcceptedEvent[];
  /** Distinct refreshes in the order in which they were accepted. */
  readonly refreshes: readonly { readonly oldToken: string; readonly newToken: string }[];
  /** Unlinks in force: any token of the device, and the user. */
  readonly unlinks: readonly Link[];
  readonly pushes: readonly AcceptedPush[];
  /** What was reported of pushes of this app, registered or not. */
  readonly reports?: readonly PushReport[];
  /** What erasures left. */
  readonly remains?: Remains;
}

export interface AcceptedEvent {
  readonly fingerprint: string;
  /** `hash` names a device by its token without saying anything about it; `user` names only a user. */
  readonly kind: "device" | "hash" | "user";
  /** '' if the sender named nobody. */
  readonly sentAppUserId: string;
  readonly eventName: string;
  /** Undefined where the sender gave no time. */
  readonly eventMs: number | undefined;
  readonly receivedMs: number;
  /** '' for kind `user`. */
  readonly deviceToken: string;
  readonly pushPermissionGranted: boolean;
  readonly platform: string;
  readonly language: string;
  readonly country: string;
  readonly timezone: string;
}

export interface Link {
  readonly deviceToken: string;
  readonly appUserId: string;
}

export interface AcceptedPush {
  readonly trackingToken: string;
  /** As its sender said; `anon:` and any token of a device for an anonymous owner. */
  readonly appUserId: string;
  readonly deviceToken: string;
  readonly sentMs: number;
  readonly registeredMs: number;
}

export type PushReport = { readonly trackingToken: string; readonly receivedMs: number } & (
  | { readonly of: "delivery" | "open"; readonly atMs: number }
  | { readonly of: "invalid token" }
);

/** What is still known of what was erased. */
export interface Remains {
  /** Device events that were their device's latest when they were erased. */
  readonly places: readonly {
    readonly deviceToken: string;
    readonly effectiveMs: number;
    readonly fingerprint: string;
  }[];
  /** Tokens reported invalid on account of pushes that were erased. */
  readonly invalidTokens: readonly { readonly deviceToken: string; readonly receivedMs: number }[];
  /** When erased events with a name took place. */
  readonly eventNames: readonly { readonly eventName: string; readonly effectiveMs: number }[];
}

export const nothingRemains: Remains = { places: [], invalidTokens: [], eventNames: [] };
