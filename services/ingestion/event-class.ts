import type { NewEvent } from "./event.ts";

/**
 * What divides the events of one device in its index, so that each question about a device is a read of adjacent
 * entries: borders are `identified`, device events `identified` and `anonymous`, floating ones `anonymous` and
 * `otherFloating`.
 */
export const deviceClass = {
  /** Live. */
  identified: 0,
  /** Live. */
  anonymous: 1,
  /** Late anonymous events, and all server events by hash. */
  otherFloating: 2,
  lateIdentified: 3,
} as const;

/** What divides the events of one user in its index: live events make the profile, live device events its attributes. */
export const userClass = { liveDevice: 0, liveServer: 1, late: 2 } as const;

/** Undefined for an event that names no device. */
export function deviceClassOf({ role, late }: Pick<NewEvent, "role" | "late">): number | undefined {
  switch (role) {
    case "identified":
      return late ? deviceClass.lateIdentified : deviceClass.identified;
    case "anonymous":
      return late ? deviceClass.otherFloating : deviceClass.anonymous;
    case "hash":
      return deviceClass.otherFloating;
    case "user":
      return undefined;
  }
}

/** How an event counts for the user whom it is attributed to. */
export function userClassOf({ role, late }: Pick<NewEvent, "role" | "late">): number {
  if (late) return userClass.late;
  return role === "identified" || role === "anonymous" ? userClass.liveDevice : userClass.liveServer;
}
