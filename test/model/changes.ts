import { type Accepted, type Link, nothingRemains } from "./accepted.ts";
import { deviceOf, devicesOf, invalidTokenReports } from "./devices.ts";
import { timed } from "./order.ts";
import { stateOf } from "./state.ts";

/** What is in force once a user is linked to a device again, by any of its tokens. */
export function relinked(accepted: Accepted, { deviceToken, appUserId }: Link): Accepted {
  const device = deviceOf(devicesOf(accepted, accepted.events.map(timed)), deviceToken);
  const undone = (link: Link) => link.appUserId === appUserId && device?.tokens.includes(link.deviceToken) === true;
  return { ...accepted, unlinks: accepted.unlinks.filter((link) => !undone(link)) };
}

/**
 * What is left once a user is erased, and everything that was accepted before the erasure has taken effect.
 *
 * @param appUserId who is meant, as by then: an `anon:` id is that of a device's root token
 */
export function erased(accepted: Accepted, appUserId: string): Accepted {
  const state = stateOf(accepted);
  const events = accepted.events.filter(({ fingerprint }) => state.events.get(fingerprint)!.appUserId !== appUserId);
  const goneEvents = accepted.events.filter((event) => !events.includes(event)).map(timed);
  const pushes = accepted.pushes.filter(
    ({ trackingToken }) => state.pushes.get(trackingToken)!.appUserId !== appUserId,
  );
  const gonePushes = accepted.pushes.filter((push) => !pushes.includes(push));
  const latest = devicesOf(accepted, accepted.events.map(timed)).flatMap(({ timeline }) => timeline.slice(-1));
  const { reports = [], remains = nothingRemains } = accepted;
  const { places, invalidTokens, eventNames } = remains;
  return {
    ...accepted,
    events,
    pushes,
    reports: reports.filter((report) => !gonePushes.some((push) => push.trackingToken === report.trackingToken)),
    unlinks: accepted.unlinks.filter((link) => link.appUserId !== appUserId),
    remains: {
      places: [
        ...places,
        ...latest.filter(({ fingerprint }) => goneEvents.some((event) => event.fingerprint === fingerprint)),
      ],
      invalidTokens: [...invalidTokens, ...invalidTokenReports(gonePushes, reports)],
      eventNames: [...eventNames, ...goneEvents],
    },
  };
}
