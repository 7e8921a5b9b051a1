import { describe, expect, test } from "vitest";
import { mongodbEngines } from "../contract/storage/engines.ts";
import { anyMix, type Cast, type Operation, randomEvent, randomOperation } from "../simulation/operations.ts";
import { type Random, randomOf } from "../simulation/random.ts";
import { differencesAfter } from "./stress.ts";

const SEED = 1;
const trackingTokens = [1, 2, 3, 4, 5, 6].map((n) => `00000000-0000-4000-8000-00000000000${n}`);

interface Scenario {
  readonly name: string;
  operations(random: Random): Operation[];
}

const scenarios: readonly Scenario[] = [
  {
    name: "everybody is on one device",
    operations: (random) => anything(random, cast({ tokens: ["phone"], users: ["ann", "bob", "cyd"] }), 80),
  },
  {
    name: "one user is on all devices",
    operations: (random) => events(random, cast({ tokens: tokens(20), users: ["ann"] }), 150),
  },
  {
    name: "several users log in on one device at once, which has an anonymous past",
    operations(random) {
      const past = events(random, cast({ tokens: ["phone"], users: ["nobody"] }), 25).map(anonymously);
      const users = ["ann", "bob", "cyd", "dan", "eve"];
      const logins = users.flatMap((user) =>
        events(random, cast({ tokens: ["phone"], users: [user] }), 5).map(by(user)),
      );
      return [...past, ...shuffled(random, logins)];
    },
  },
  {
    name: "tokens are replaced by each other, both ways, while events of them arrive",
    operations(random) {
      const three = cast({ tokens: tokens(3), users: ["ann", "bob"] });
      const refreshes = three.tokens.flatMap((oldToken) =>
        three.tokens
          .filter((newToken) => newToken !== oldToken)
          .map((newToken): Operation => ({ kind: "refresh", oldToken, newToken, appUserId: random.pick(three.users) })),
      );
      return [...events(random, three, 12), ...shuffled(random, [...refreshes, ...events(random, three, 40)])];
    },
  },
  {
    name: "pushes are sent, opened and follow logins, all at once",
    operations(random) {
      const two = cast({ tokens: tokens(2), users: ["ann", "bob"] });
      const all = Array.from({ length: 1_500 }, (_, index) => randomOperation(random, two, { index, mix: anyMix }));
      const [told, sent] = [all.filter(({ kind }) => kind === "report"), all.filter(({ kind }) => kind === "push")];
      return shuffled(random, [...told.slice(0, 40), ...sent.slice(0, 25), ...events(random, two, 40)]);
    },
  },
];

// Replicas change the same documents, so the server has to update atomically.
const engines = mongodbEngines.filter(({ atomicUpdates }) => atomicUpdates);

describe.runIf(engines.length > 0)("nine instances", () => {
  for (const { name, url } of engines) {
    test.for(scenarios)(`on ${name} agree with the page where $name`, async ({ operations }) => {
      const random = randomOf(SEED);
      expect(await differencesAfter({ mongodbServer: url, random, operations: operations(random) })).toEqual([]);
    });
  }
});

function cast(people: Pick<Cast, "tokens" | "users">): Cast {
  return { ...people, trackingTokens, anonymousProbability: 0.55, startMs: Math.floor(Date.now() / 60_000) * 60_000 };
}

function tokens(count: number): string[] {
  return Array.from({ length: count }, (_, n) => `tok-${n}`);
}

function events(random: Random, of: Cast, count: number): Operation[] {
  return Array.from({ length: count }, (_, index) => ({ kind: "event", event: randomEvent(random, of, index) }));
}

/** Whatever clients and operators do; unlinks after events, because it is decided then whether the device is known. */
function anything(random: Random, of: Cast, count: number): Operation[] {
  const all = Array.from({ length: count }, (_, index) => randomOperation(random, of, { index, mix: anyMix }));
  const unlinks = all.filter(({ kind }) => kind === "unlink");
  return [...all.filter(({ kind }) => kind !== "unlink"), ...unlinks];
}

function anonymously(operation: Operation): Operation {
  return operation.kind === "event" && operation.event.kind === "device"
    ? { ...operation, event: { ...operation.event, sentAppUserId: "" } }
    : operation;
}

/** Device events of the user. */
function by(user: string): (operation: Operation) => Operation {
  return (operation) =>
    operation.kind === "event" && operation.event.kind === "device"
      ? { ...operation, event: { ...operation.event, sentAppUserId: user } }
      : operation;
}

function shuffled<T>(random: Random, items: readonly T[]): T[] {
  return items
    .map((item) => ({ item, place: random.next() }))
    .sort((a, b) => a.place - b.place)
    .map(({ item }) => item);
}
