/** What the live events attributed to one user add up to. */
export interface ProfileState {
  /** Least effective time, milliseconds since 1970. */
  readonly firstSeenMs: number;
  /** Greatest effective time, milliseconds since 1970. */
  readonly lastSeenMs: number;
  /** From the latest device event; absent while the user has none. */
  readonly attributes?: ProfileAttributes;
}

/** Attributes of a user, with the place in the order of events that they come from. */
export interface ProfileAttributes {
  /** Effective time of the device event, milliseconds since 1970. */
  readonly t: number;
  /** Its fingerprint: breaks ties of `t`. */
  readonly fingerprint: string;
  readonly platform: string;
  /** IANA name in canonical case. */
  readonly timezone: string;
  /** ISO 639-1, lower case. */
  readonly language: string;
  /** ISO 3166-1 alpha-2, upper case. */
  readonly country: string;
}

/**
 * A profile with one more observation in it.
 *
 * Commutative, associative and idempotent: observations may be folded in any order, in any grouping, any number of
 * times.
 */
export function widen(state: ProfileState | undefined, observation: ProfileState): ProfileState {
  if (state === undefined) return observation;
  const attributes = latest(state.attributes, observation.attributes);
  return {
    firstSeenMs: Math.min(state.firstSeenMs, observation.firstSeenMs),
    lastSeenMs: Math.max(state.lastSeenMs, observation.lastSeenMs),
    ...(attributes === undefined ? {} : { attributes }),
  };
}

function latest(a: ProfileAttributes | undefined, b: ProfileAttributes | undefined): ProfileAttributes | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  if (a.t !== b.t) return a.t > b.t ? a : b;
  return a.fingerprint >= b.fingerprint ? a : b;
}
