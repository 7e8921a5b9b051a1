import type { ProfileState } from "../../../proto/gen/carillon/identity/v1/identity_service_pb.js";
import { type AppKey, parseAppKey } from "../../runtime/app-key.ts";
import type { IngestionContext } from "../context.ts";
import { misattributed } from "./device-fields.ts";
import { type Finding, json, type Unit, type UnitPage } from "./finding.ts";
import { reattributeNamed } from "./repair-events.ts";
import { eventPages, type TimelineEvent } from "./timeline-event.ts";

/** Users and profiles read at once. */
const PAGE = 100;

/** What one profile should say, or says. */
interface Summary {
  readonly firstSeenMs: number;
  readonly lastSeenMs: number;
  readonly attributes: object | null;
}

/** Users whom events are attributed to, but who have no profile. */
export async function* userPages(context: IngestionContext, app: AppKey): AsyncGenerator<UnitPage> {
  for (let after = "", more = true; more; ) {
    const users = await context.events.users({ app, after, limit: PAGE });
    const keys = users.map((appUserId) => ({ ...parseAppKey(app), appUserId }));
    const { profiles } = users.length === 0 ? { profiles: [] } : await context.identity.getProfileStates({ keys });
    const without = profiles.filter(({ state }) => state === undefined);
    more = users.length === PAGE;
    after = users.at(-1) ?? "";
    const units = without.map(({ appUserId }) => profileUnit(context, app, { appUserId, read: undefined }));
    // Nobody knows how many users there are.
    yield { units, looked: users.length, share: more ? 0 : 1 };
  }
}

/** Every profile of an app. */
export async function* profilePages(
  context: IngestionContext,
  app: AppKey,
  users: { readonly count: number },
): AsyncGenerator<UnitPage> {
  let looked = 0;
  for (let pageToken = "", more = true; more; ) {
    const request = { ...parseAppKey(app), pageToken, limit: PAGE };
    const { profiles, nextPageToken } = await context.identity.listProfileStates(request);
    const units = profiles.map(({ appUserId, state }) => profileUnit(context, app, { appUserId, read: state }));
    looked += profiles.length;
    more = nextPageToken !== "";
    pageToken = nextPageToken;
    yield { units, looked: profiles.length, share: more ? Math.min(1, looked / Math.max(1, users.count)) : 1 };
  }
}

function profileUnit(
  context: IngestionContext,
  app: AppKey,
  listed: { readonly appUserId: string; readonly read: ProfileState | undefined },
): Unit {
  const { appUserId } = listed;
  let { read } = listed;
  return {
    async check() {
      const state = read ?? (await profileState(context, app, appUserId));
      read = undefined;
      return profileFindings(context, app, { appUserId, actual: state && summaryOf(state) });
    },
    async repair(findings) {
      const events = findings.filter(({ kind }) => kind === "event").map(({ subject }) => subject);
      await reattributeNamed(context, app, events);
      await context.profileEffects.recompute([{ app, appUserId }]);
    },
  };
}

async function profileState(
  { identity }: IngestionContext,
  app: AppKey,
  appUserId: string,
): Promise<ProfileState | undefined> {
  return (await identity.getProfileStates({ keys: [{ ...parseAppKey(app), appUserId }] })).profiles[0]?.state;
}

/** Compares a profile with all the events that are attributed to its user, which go by page by page. */
async function profileFindings(
  context: IngestionContext,
  app: AppKey,
  { appUserId, actual }: { readonly appUserId: string; readonly actual: Summary | undefined },
): Promise<Finding[]> {
  const findings: Finding[] = [];
  let expected: Summary | undefined;
  let withoutPending: Summary | undefined;
  for await (const page of eventPages(context, app, { appUserId })) {
    for (const event of page) {
      if (event.role === "user") {
        const thing = { kind: "event", subject: event.fingerprint, explained: event.pending } as const;
        findings.push(...misattributed(thing, { appUserId: event.sentAppUserId, attributedBy: "" }, event));
      }
      if (event.late) continue;
      expected = withEarlier(expected, event);
      if (!event.pending) withoutPending = withEarlier(withoutPending, event);
    }
  }
  if (json(expected) === json(actual)) return findings;
  const explained = json(withoutPending) === json(actual);
  const finding = { field: "profile", expected: json(expected), actual: json(actual), explained };
  return [...findings, { kind: "profile", subject: appUserId, ...finding }];
}

/** What events say of their user, with one more that comes before them in order. */
function withEarlier(summary: Summary | undefined, event: TimelineEvent): Summary {
  const { role, effectiveMs, fingerprint, platform, timezone, language, country } = event;
  const isDeviceEvent = role === "identified" || role === "anonymous";
  const own = isDeviceEvent ? { effectiveMs, fingerprint, platform, timezone, language, country } : null;
  return {
    firstSeenMs: effectiveMs,
    lastSeenMs: summary?.lastSeenMs ?? effectiveMs,
    attributes: summary?.attributes ?? own,
  };
}

function summaryOf({ firstSeenMs, lastSeenMs, attributes }: ProfileState): Summary {
  if (attributes === undefined) return { firstSeenMs, lastSeenMs, attributes: null };
  const { effectiveTimeMs: effectiveMs, fingerprint, platform, timezone, language, country } = attributes;
  return { firstSeenMs, lastSeenMs, attributes: { effectiveMs, fingerprint, platform, timezone, language, country } };
}
