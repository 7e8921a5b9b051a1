import type { CommandStartedEvent } from "mongodb";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { beforePlace, floatingRange, wholeOrder } from "../../../services/ingestion/event-order.ts";
import {
  type EventQuery,
  listQuery,
  ofDevices,
  ofUser,
  pendingOfDevices,
  pendingWithin,
} from "../../../services/ingestion/mongodb-queries.ts";
import { app, deviceKey, event, start } from "./event-fixture.ts";
import type { OpenMongodbStore, StoreEngine } from "./stores.ts";

/** What the event store asks of a MongoDB server: how many commands, and that none of them scans. */
export function mongodbCommandContract({ name, open }: StoreEngine<OpenMongodbStore>): void {
  describe(`commands to ${name}`, () => {
    let store: OpenMongodbStore;
    let commands: string[];
    beforeEach(async () => {
      store = await open();
      commands = [];
      store.database.client.on("commandStarted", ({ commandName }: CommandStartedEvent) => commands.push(commandName));
    });
    afterEach(() => store.close());

    test("a batch takes one command a step, however large it is", async () => {
      const batch = Array.from({ length: 100 }, (_, id) => event({ id, user: id % 2 === 0 ? "" : `user${id}` }));
      await store.events.insert(batch);
      expect(commands).toEqual(["insert"]);

      const pending = await store.events.listPending({ beforeMs: start + 1, limit: 100 });
      expect(commands.splice(0)).toEqual(["insert", "find"]);

      const anonymous = pending.filter(({ role }) => role === "anonymous");
      const version = (index: number) => 1_000 + index;
      const changes = anonymous.map((each, index) => ({
        event: each,
        appUserId: "ann",
        attributedBy: "",
        attributionVersion: version(index),
      }));
      expect(await store.events.attribute(changes, start)).toEqual([]);
      expect(commands.splice(0)).toEqual(["update"]);

      const named = pending
        .filter(({ role }) => role === "identified")
        .map(({ fingerprint }) => ({ fingerprint, expectedAttributionVersion: 0, attributionVersion: 0 }));
      const decided = anonymous.map(({ fingerprint }, index) => ({
        fingerprint,
        expectedAttributionVersion: version(index),
        attributionVersion: version(index),
      }));
      expect(await store.events.complete([...named, ...decided])).toEqual([]);
      expect(commands.splice(0)).toEqual(["update"]);

      const seen = { app, firstSeenMs: start, lastSeenMs: start, parameters: new Map([["price", ["number"]]]) };
      await store.events.observeDefinitions(Array.from({ length: 20 }, (_, n) => ({ ...seen, eventName: `name${n}` })));
      expect(commands).toEqual(["update"]);
    });

    const keys = ["phone", "tablet"].map(deviceKey);
    const queries: Record<string, { readonly query: EventQuery; readonly sort: Record<string, 1 | -1> }> = {
      "floating events": {
        query: ofDevices({ app, deviceKeys: keys }, [1, 2], floatingRange({ fromMs: start, toMs: start, limit: 1 })),
        sort: { place: 1 },
      },
      "events of a device before a place": {
        query: ofDevices({ app, deviceKeys: keys }, [0, 1], beforePlace({ effectiveMs: start, fingerprint: "ab" })),
        sort: { place: -1 },
      },
      "events of a user": { query: ofUser({ app, appUserId: "ann" }, [0, 1], wholeOrder), sort: { place: -1 } },
      "a list by name": { query: listQuery(app, { eventName: "bought" }, wholeOrder), sort: { place: -1 } },
      "a list without filters": { query: listQuery(app, {}, wholeOrder), sort: { place: -1 } },
      "pending events": { query: pendingWithin({ beforeMs: start }), sort: { "pending.since": 1 } },
      "pending events of devices": { query: pendingOfDevices(app, keys), sort: {} },
    };

    test("every query is read from its index in order, where the server explains its plans", async () => {
      await store.events.insert([event({ id: 1 }), event({ id: 2, user: "ann" })]);
      const events = store.database.db.collection("events");
      for (const [asked, { query, sort }] of Object.entries(queries)) {
        const found = events
          .find(query.filter as object, { hint: query.hint })
          .sort(sort)
          .limit(10);
        const explained = await found.explain("queryPlanner").catch(() => undefined);
        const stages = stageNames(explained?.queryPlanner?.winningPlan);
        if (stages.length === 0) {
          process.stderr.write(`skipped: ${name} does not explain its plans\n`);
          return;
        }
        expect(stages, asked).toContain("IXSCAN");
        expect(stages, asked).not.toContain("COLLSCAN");
        expect(stages, asked).not.toContain("SORT");
      }
    });
  });
}

/** Names of the stages of a plan, as MongoDB tells them. */
function stageNames(plan: unknown): string[] {
  if (typeof plan !== "object" || plan === null) return [];
  if (Array.isArray(plan)) return plan.flatMap(stageNames);
  const own = "stage" in plan && typeof plan.stage === "string" ? [plan.stage] : [];
  return [...own, ...Object.values(plan).flatMap(stageNames)];
}
