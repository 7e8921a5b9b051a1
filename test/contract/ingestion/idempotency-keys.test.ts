import { create } from "@bufbuild/protobuf";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type IncomingEvent,
  IncomingEventSchema,
} from "../../../proto/gen/carillon/ingestion/v1/ingestion_service_pb.js";
import { removeExpiredKeys, reserveKeys } from "../../../services/ingestion/idempotency.ts";
import { virtualClock } from "../../system/virtual-clock.ts";
import { keyEngines, type OpenKeys } from "./key-stores.ts";

const startMs = Date.UTC(2026, 10, 1);
const DAY_MS = 24 * 3_600_000;
const GRACE_MS = 600_000;

interface Sketch {
  readonly body: string;
  readonly key?: string;
  readonly appId?: string;
  readonly surface?: string;
  readonly receivedMs?: number;
}

describe.each(keyEngines)("idempotency keys on $name", ({ open, atomicUpdates }) => {
  const clock = virtualClock(startMs);
  let keys: OpenKeys;
  let lastKey = 0;

  beforeAll(async () => {
    keys = await open(clock);
  });
  afterAll(() => keys?.close());

  function newKey(): string {
    lastKey += 1;
    return `key/${lastKey}`;
  }

  function event({ body, key = "", appId = "shop", surface = "appizer", receivedMs = startMs }: Sketch): IncomingEvent {
    const app = { tenantId: "acme", appId, surface };
    const reserved = key === "" ? {} : { idempotencyKey: key, idempotencyHash: body };
    return create(IncomingEventSchema, { ...app, ...reserved, receivedTimeMs: receivedMs });
  }

  /** Which events of one call are refused. */
  async function refused(sketches: readonly Sketch[], replica = 0): Promise<number[]> {
    const idempotencyKeys = keys.replicas[replica]!;
    return [...(await reserveKeys({ idempotencyKeys }, sketches.map(event)))].sort((a, b) => a - b);
  }

  it("stand for their first body, wherever they are sent again", async () => {
    const key = newKey();
    expect(await refused([{ key, body: "a" }])).toEqual([]);
    for (const replica of [0, 1]) {
      expect(await refused([{ key, body: "a" }], replica)).toEqual([]);
      expect(await refused([{ key, body: "b" }], replica)).toEqual([0]);
    }
  });

  it("stand for the first body of those in one call, and refuse no neighbour", async () => {
    const [first, second] = [newKey(), newKey()];
    await refused([{ key: second, body: "x" }]);
    const batch = [
      { body: "none" },
      { key: first, body: "a" },
      { key: first, body: "b" },
      { key: second, body: "y" },
      { key: first, body: "a" },
      { key: second, body: "x" },
      { body: "none" },
    ];
    expect(await refused(batch)).toEqual([2, 3]);
  });

  it("are those of one app and one surface", async () => {
    const key = newKey();
    const others = [{ appId: "other" }, { surface: "pushengage" }, {}];
    for (const [n, scope] of others.entries())
      expect(await refused([{ key, body: `body ${n}`, ...scope }])).toEqual([]);
    for (const scope of others) expect(await refused([{ key, body: "another", ...scope }])).toEqual([0]);
  });

  it("stand for it for 24 h from its first receipt, then for the next body", async () => {
    const key = newKey();
    await refused([{ key, body: "a", receivedMs: startMs }]);
    await refused([{ key, body: "a", receivedMs: startMs + DAY_MS - 2 }]);
    expect(await refused([{ key, body: "b", receivedMs: startMs + DAY_MS - 1 }])).toEqual([0]);
    expect(await refused([{ key, body: "b", receivedMs: startMs + DAY_MS }])).toEqual([]);
    expect(await refused([{ key, body: "a", receivedMs: startMs + DAY_MS + 1 }])).toEqual([0]);
  });

  it("are given to exactly one of many bodies that come at once, in many processes", async () => {
    if (!atomicUpdates) return;
    for (let round = 0; round < 5; round += 1) {
      const key = newKey();
      const calls = Array.from({ length: 9 }, (_, n) => refused([{ key, body: `body ${n % 3}` }], n % 3));
      const outcomes = await Promise.all(calls);
      const winners = new Set(outcomes.flatMap((refusal, n) => (refusal.length === 0 ? [n % 3] : [])));
      expect(winners.size).toBe(1);
      const [winner] = winners;
      expect(outcomes.filter((refusal) => refusal.length === 0)).toHaveLength(3);
      expect(await refused([{ key, body: `body ${winner}` }])).toEqual([]);
    }
  });

  it("are removed once they have expired, and not before", async () => {
    const [old, renewed, young] = [newKey(), newKey(), newKey()];
    const idempotencyKeys = keys.replicas[0]!;
    const stored = async () => {
      const names = [old, renewed, young];
      const found = await idempotencyKeys.load(names.map((key) => `acme/shop/appizer/${key}`));
      return names.filter((key) => found.has(`acme/shop/appizer/${key}`));
    };
    await refused([old, renewed].map((key) => ({ key, body: "a", receivedMs: startMs })));
    await refused([renewed, young].map((key) => ({ key, body: "b", receivedMs: startMs + DAY_MS })));
    clock.advance(DAY_MS + GRACE_MS);
    await removeExpiredKeys({ idempotencyKeys, clock });
    expect(await stored()).toEqual([old, renewed, young]);
    clock.advance(1);
    expect(await removeExpiredKeys({ idempotencyKeys, clock })).toBe(false);
    expect(await stored()).toEqual([renewed, young]);
  });
});

describe("events without idempotency keys", () => {
  it("cost nothing", async () => {
    const unused = () => {
      throw new Error("asked the store");
    };
    const idempotencyKeys = { load: unused, save: unused, remove: unused, page: unused, filed: unused };
    expect(await reserveKeys({ idempotencyKeys }, [create(IncomingEventSchema), create(IncomingEventSchema)])).toEqual(
      new Set(),
    );
  });
});
