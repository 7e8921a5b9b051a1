import type { AppKey } from "../runtime/app-key.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Logger } from "../runtime/log.ts";
import type { TrackingToken } from "./push-key.ts";
import type { PushStore } from "./store.ts";

/** A push to an anonymous owner, as the conductor is told of it. */
export interface UnattributedPush {
  readonly trackingToken: TrackingToken;
  /** The token in its `anon:` id. */
  readonly ownerToken: string;
  /** Hex SHA-256 of that token. */
  readonly deviceKey: string;
  /** Milliseconds since 1970. */
  readonly sentMs: number;
}

/** A device token that a provider refused. */
export interface InvalidToken {
  readonly deviceToken: string;
  /** Receipt of the report, milliseconds since 1970. */
  readonly receivedMs: number;
}

/** What every part of the tracking service works with; built once. */
export interface TrackingContext {
  readonly pushes: PushStore;
  readonly clock: Clock;
  /** At least 0 and less than 1, as `Math.random`. */
  readonly random: () => number;
  readonly log: Logger;
  /**
   * Has stored pushes attributed, which comes back as `AttributePushes` and `MarkPushesSettled`. Repeatable; rejects
   * where they are not known to be attributed.
   */
  attributePushes(app: AppKey, pushes: readonly UnattributedPush[]): Promise<void>;
  /** Tells the device service. Repeatable, in any order. */
  reportInvalidTokens(app: AppKey, tokens: readonly InvalidToken[]): Promise<void>;
}
