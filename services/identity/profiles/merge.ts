/** What one identified event, the cause, took from its device's anonymous profile. Never stored with both counts 0. */
export interface Merge {
  /** Hex SHA-256 of the token that the cause named. */
  readonly deviceKey: string;
  /** User of the cause. */
  readonly toAppUserId: string;
  /** Effective time of the cause, milliseconds since 1970. */
  readonly causeMs: number;
  /** Events that it took, late ones included. */
  readonly eventCount: number;
  /** Pushes to the device's anonymous owner that it took. */
  readonly pushCount: number;
}
