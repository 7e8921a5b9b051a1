import fc from "fast-check";
import { relinked } from "./changes.ts";
import { deviceOf, devicesOf, ownerOf } from "./devices.ts";
import { timed } from "./order.ts";
import type { EventSketch, PushSketch, RefreshSketch, ReportSketch, Target } from "./target.ts";
import { change, check, erase, type World } from "./world.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 1_440 * MINUTE_MS;

const token = fc.constantFrom("phone", "pad", "watch", "laptop");
const user = fc.constantFrom("ann", "bob", "cyd");
const trackingToken = fc.integer({ min: 1, max: 3 }).map((n) => `00000000-0000-4000-8000-00000000000${n}`);
/** Minutes from the beginning: mostly close, so that many are equal; some too late to count, some in the future. */
const minutes = fc.oneof(
  { weight: 18, arbitrary: fc.integer({ min: -15, max: 15 }) },
  { weight: 1, arbitrary: fc.constantFrom(-31 * 1_440, -32 * 1_440) },
  { weight: 1, arbitrary: fc.constant(180) },
);

/** What clients, senders and operators do, each of which reads as a sentence. */
export function commands(maxCommands: number) {
  const all = [
    { weight: 10, arbitrary: deviceEvent },
    { weight: 2, arbitrary: serverEvent },
    { weight: 1, arbitrary: fc.nat({ max: 9 }).map(again) },
    { weight: 2, arbitrary: fc.tuple(token, token, fc.option(user, { nil: "" })).map(refresh) },
    { weight: 2, arbitrary: fc.tuple(trackingToken, token, fc.option(user, { nil: "" }), minutes).map(push) },
    { weight: 2, arbitrary: report },
    { weight: 2, arbitrary: fc.tuple(user, token, fc.boolean()).map(link) },
    {
      weight: 1,
      arbitrary: fc
        .oneof(
          user,
          token.map((any) => `anon:${any}`),
        )
        .map(erasure),
    },
    { weight: 1, arbitrary: fc.constant(erasuresEnd) },
    { weight: 2, arbitrary: fc.constant(everythingHolds) },
  ];
  // A command of several kinds in one arbitrary, because fast-check picks evenly among those that it is given.
  return fc.commands([fc.oneof(...all)], { maxCommands, size: "max" });
}

type Command = fc.AsyncCommand<World, Target>;

interface Step {
  readonly sentence: string | ((world: World) => string);
  /** Whether it makes sense now. */
  readonly applies?: (world: World) => boolean;
  run(world: World, target: Target): Promise<void>;
}

function command({ sentence, applies = () => true, run }: Step): Command {
  let told = typeof sentence === "string" ? sentence : "something";
  return {
    check: (world) => applies(world),
    async run(world, target) {
      if (typeof sentence !== "string") told = sentence(world);
      await run(world, target);
    },
    toString: () => `\n  ${told}`,
  };
}

const attributes = fc.record({
  eventName: fc.constantFrom("seen", "seen", "bought", "logged_out"),
  pushPermissionGranted: fc.boolean(),
  platform: fc.constantFrom("android", "ios", "web"),
  language: fc.constantFrom("en", "tr"),
  country: fc.constantFrom("US", "TR"),
  timezone: fc.constantFrom("UTC", "Europe/Berlin"),
});

const deviceEvent = fc
  .tuple(attributes, token, fc.option(user, { nil: "" }), minutes)
  .map(([rest, deviceToken, sentAppUserId, at]) =>
    event({ kind: "device", ...rest, deviceToken, sentAppUserId, eventMs: undefined }, at),
  );

const serverEvent = fc
  .tuple(attributes, fc.oneof(token, user), fc.option(minutes, { nil: undefined }))
  .map(([rest, about, at]) =>
    ["ann", "bob", "cyd"].includes(about)
      ? event({ kind: "user", ...rest, deviceToken: "", sentAppUserId: about, eventMs: undefined }, at)
      : event({ kind: "hash", ...rest, deviceToken: about, sentAppUserId: "", eventMs: undefined }, at),
  );

function event(sketch: EventSketch, at: number | undefined): Command {
  const { kind, sentAppUserId, deviceToken, eventName, platform, language, country, pushPermissionGranted } = sketch;
  const when = at === undefined ? "" : ` at ${minute(at)}`;
  const permission = pushPermissionGranted ? "pushes allowed" : "pushes not allowed";
  const sentence = {
    device: `${sentAppUserId || "somebody"} on ${deviceToken}: ${eventName}${when} (${platform}, ${language}-${country}, ${permission})`,
    hash: `a server, about the device with the hash of ${deviceToken}: ${eventName}${when}`,
    user: `a server, about ${sentAppUserId}: ${eventName}${when}`,
  }[kind];
  return command({
    sentence,
    run: (world, target) =>
      send(world, target, { ...sketch, eventMs: at === undefined ? undefined : world.startMs + at * MINUTE_MS }),
  });
}

function again(nth: number): Command {
  const sketchOf = ({ sent }: World) => sent[nth % sent.length]!;
  return command({
    sentence: ({ sent }) => `event ${(nth % sent.length) + 1} of those above is sent again`,
    applies: ({ sent }) => sent.length > 0,
    run: (world, target) => send(world, target, sketchOf(world)),
  });
}

async function send(world: World, target: Target, sketch: EventSketch): Promise<void> {
  const accepted = await target.send(sketch);
  if (!world.sent.includes(sketch)) world.sent.push(sketch);
  const isKnown = world.earliest.events.some(({ fingerprint }) => fingerprint === accepted.fingerprint);
  if (!isKnown) change(world, (before) => ({ ...before, events: [...before.events, accepted] }));
}

function refresh([oldToken, newToken, appUserId]: [string, string, string]): Command {
  const pair: RefreshSketch = { oldToken, newToken, appUserId };
  return command({
    sentence: `${oldToken} is replaced by ${newToken}${appUserId && `, says ${appUserId}`}`,
    applies: () => oldToken !== newToken,
    async run(world, target) {
      const expected = refreshOutcome(world, pair);
      expectOutcome(await target.refresh(pair), expected);
      const isKnown = world.earliest.refreshes.some(
        (known) => known.oldToken === oldToken && known.newToken === newToken,
      );
      if (expected === "accepted" && !isKnown)
        change(world, (before) => ({ ...before, refreshes: [...before.refreshes, { oldToken, newToken }] }));
    },
  });
}

/** The published answers: 404 for a token that nobody knows, 409 for one of another user's device. */
function refreshOutcome({ earliest }: World, { oldToken, newToken, appUserId }: RefreshSketch) {
  const devices = devicesOf(earliest, earliest.events.map(timed));
  const [device, other] = [deviceOf(devices, oldToken), deviceOf(devices, newToken)];
  if (device === undefined) return "unknown device";
  if (other === undefined || other === device) return "accepted";
  return ["", ownerOf(device), appUserId].includes(ownerOf(other)) ? "accepted" : "token conflict";
}

function push([tracking, deviceToken, named, at]: [string, string, string, number]): Command {
  const appUserId = named || `anon:${deviceToken}`;
  return command({
    sentence: `push ${tracking.at(-1)} is sent to ${named || "whoever has"} ${named && "on"} ${deviceToken} at ${minute(at)}`,
    async run(world, target) {
      const sketch: PushSketch = {
        trackingToken: tracking,
        deviceToken,
        appUserId,
        sentMs: world.startMs + at * MINUTE_MS,
      };
      const known = world.earliest.pushes.find(({ trackingToken: other }) => other === tracking);
      const isSame =
        known === undefined ||
        (known.deviceToken === deviceToken && known.appUserId === appUserId && known.sentMs === sketch.sentMs);
      const registeredMs = target.now();
      expectOutcome(await target.register(sketch), isSame ? "accepted" : "other content");
      if (known === undefined)
        change(world, (before) => ({ ...before, pushes: [...before.pushes, { ...sketch, registeredMs }] }));
    },
  });
}

const report = fc
  .tuple(fc.constantFrom("open", "delivery", "invalid token"), trackingToken, fc.integer({ min: -15, max: 15 }))
  .map(([of, tracking, at]) =>
    command({
      sentence: {
        open: `push ${tracking.at(-1)} is opened at ${minute(at)}`,
        delivery: `push ${tracking.at(-1)} is delivered at ${minute(at)}`,
        "invalid token": `a provider refuses the token of push ${tracking.at(-1)}`,
      }[of],
      async run(world, target) {
        const sketch: ReportSketch = { of, trackingToken: tracking, atMs: world.startMs + at * MINUTE_MS };
        const { earliest, latest } = await target.report(sketch);
        world.earliest = { ...world.earliest, reports: [...(world.earliest.reports ?? []), earliest] };
        world.latest = { ...world.latest, reports: [...(world.latest.reports ?? []), latest] };
      },
    }),
  );

function link([appUserId, deviceToken, linked]: [string, string, boolean]): Command {
  return command({
    sentence: linked
      ? `${appUserId} is linked to ${deviceToken} again`
      : `${appUserId} is unlinked from ${deviceToken}`,
    async run(world, target) {
      const { earliest } = world;
      const isKnown = deviceOf(devicesOf(earliest, earliest.events.map(timed)), deviceToken) !== undefined;
      const outcome = await target.setLink({ deviceToken, appUserId }, linked);
      expectOutcome(outcome, isKnown ? "accepted" : "unknown device");
      if (!isKnown) return;
      change(world, (before) => {
        const without = relinked(before, { deviceToken, appUserId });
        return linked ? without : { ...without, unlinks: [...without.unlinks, { deviceToken, appUserId }] };
      });
    },
  });
}

function erasure(named: string): Command {
  return command({
    sentence: named.startsWith("anon:") ? `whoever is behind ${named} is erased` : `${named} is erased`,
    applies: ({ erasing }) => !(erasing && named.startsWith("anon:")),
    run: (world, target) => erase(world, target, named),
  });
}

const erasuresEnd = command({
  sentence: "ten seconds pass, so that erasures are over for good",
  async run(world, target) {
    if (await target.endErasures()) world.erasing = false;
  },
});

const everythingHolds = command({
  sentence: "everything is as the page says",
  async run(world, target) {
    await check(world, target);
  },
});

function expectOutcome(is: string, shouldBe: string): void {
  if (is !== shouldBe) throw new Error(`is answered "${is}", should be "${shouldBe}"`);
}

function minute(at: number): string {
  if (at * MINUTE_MS <= -DAY_MS) return `${at / 1_440} days`;
  return `${at < 0 ? "-" : "+"}${Math.abs(at)} min`;
}
