import { create } from "@bufbuild/protobuf";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ListEventDefinitionsRequestSchema } from "../../../../proto/gen/carillon/ingestion/v1/event_service_pb.js";
import { SYSTEM_EVENTS } from "../../../../services/ingestion/catalogue/system-events.ts";
import { compareCodePoints } from "../../../../services/ingestion/definition-parameters.ts";
import { listEventDefinitions } from "../../../../services/ingestion/list-event-definitions.ts";
import type { DefinitionListQuery, EventStore, StoredDefinition } from "../../../../services/ingestion/store.ts";

function seen(eventName: string, fields: Partial<StoredDefinition> = {}): StoredDefinition {
  return { eventName, firstSeenMs: 1_000, lastSeenMs: 2_500, parameters: [], eventCount: 3, ...fields };
}

/** Lists an app's definitions over these stored ones. */
function lister(stored: readonly StoredDefinition[]) {
  const inOrder = stored.toSorted((a, b) => compareCodePoints(a.eventName, b.eventName));
  const listDefinitions = async ({ afterName, limit }: DefinitionListQuery) =>
    inOrder.filter(({ eventName }) => compareCodePoints(eventName, afterName) > 0).slice(0, limit);
  const list = listEventDefinitions({ events: { listDefinitions } as unknown as EventStore });
  return async (pageSize: number, pageToken = "") =>
    list(create(ListEventDefinitionsRequestSchema, { tenantId: "t1", appId: "app1", pageSize, pageToken }));
}

async function allPages(list: ReturnType<typeof lister>, pageSize: number) {
  const all: Awaited<ReturnType<typeof list>>["eventDefinitions"] = [];
  let token = "";
  do {
    const page = await list(pageSize, token);
    all.push(...page.eventDefinitions);
    token = page.nextPageToken;
  } while (token !== "");
  return all;
}

describe("ListEventDefinitions", () => {
  it("lists all system events of an app that has sent nothing, never seen", async () => {
    const { eventDefinitions, nextPageToken } = await lister([])(100);
    expect(eventDefinitions.map(({ eventName }) => eventName)).toEqual(SYSTEM_EVENTS.map(({ name }) => name));
    expect(nextPageToken).toBe("");
    for (const definition of eventDefinitions) {
      expect(definition).toMatchObject({ system: true, description: expect.stringMatching(/./) });
      expect(definition).not.toHaveProperty("firstSeenTime");
      expect(definition).not.toHaveProperty("eventCount");
    }
  });

  it("tells what was seen of a system event beside its usual parameters", async () => {
    const parameters = [
      { name: "amount", types: ["number", "string"] },
      { name: "gift", types: ["boolean"] },
    ];
    const { eventDefinitions } = await lister([seen("purchase_completed", { parameters })])(1_000);
    const found = eventDefinitions.find(({ eventName }) => eventName === "purchase_completed");
    expect(found).toMatchObject({
      system: true,
      category: "E-Commerce",
      firstSeenTime: { seconds: 1n },
      lastSeenTime: { seconds: 2n, nanos: 500_000_000 },
      eventCount: 3,
      parameters: [
        { name: "amount", types: ["number", "string"], usual: true },
        { name: "currency", types: [], usual: true },
        { name: "gift", types: ["boolean"], usual: false },
        { name: "item_count", types: [], usual: true },
        { name: "order_id", types: [], usual: true },
      ],
    });
    expect(eventDefinitions).toHaveLength(65);
  });

  it("lists custom events among them, without a description", async () => {
    const { eventDefinitions } = await lister([seen("level_up"), seen("Ärger"), seen("🎉")])(1_000);
    expect(eventDefinitions).toHaveLength(68);
    expect(eventDefinitions.slice(-2).map(({ eventName }) => eventName)).toEqual(["Ärger", "🎉"]);
    const custom = eventDefinitions.find(({ eventName }) => eventName === "level_up");
    expect(custom).toMatchObject({ system: false, category: "Custom", description: "", eventCount: 3 });
  });

  it("property: pages of any size hold every name once, in order", async () => {
    const name = fc.oneof(
      fc.string({ unit: "grapheme", minLength: 1, maxLength: 12 }),
      fc.constantFrom(...SYSTEM_EVENTS.map(({ name }) => name)),
      fc.constantFrom("a", "add_to_carts", "zz", "\uffff", "😀"),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(name, { maxLength: 40 }),
        fc.integer({ min: 1, max: 80 }),
        async (names, size) => {
          const all = await allPages(lister(names.map((each) => seen(each))), size);
          const expected = [...new Set([...names, ...SYSTEM_EVENTS.map(({ name }) => name)])].sort(compareCodePoints);
          expect(all.map(({ eventName }) => eventName)).toEqual(expected);
        },
      ),
      { numRuns: 60 },
    );
  });
});
