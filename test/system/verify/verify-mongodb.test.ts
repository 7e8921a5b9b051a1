import { createHash, randomUUID } from "node:crypto";
import { type Document, MongoClient } from "mongodb";
import { describe, expect, test } from "vitest";
import { mongodbEngines } from "../../contract/storage/engines.ts";
import { type AppCalls, newApp } from "../app-calls.ts";
import { startSystem } from "../system.ts";
import { furnish } from "./furnish.ts";
import { pausingClock, verifierOf } from "./verification.ts";

const start = Date.UTC(2026, 10, 1);
const hour = 3_600_000;

/** Something stored that is changed behind the system's back, and what verifying says of it. */
interface Corruption {
  readonly found: readonly string[];
  readonly collection: string;
  id(shop: AppCalls, ids: Record<string, string>): string;
  /** Nothing removes it. */
  readonly update?: Document;
}

const keyOf = ({ app }: AppCalls, id: string) => `${app.tenantId}/${app.appId}/${id}`;
const deviceOf = (shop: AppCalls, token: string) => keyOf(shop, createHash("sha256").update(token).digest("hex"));

const corruptions: readonly Corruption[] = [
  {
    found: ["device latestIdentified"],
    collection: "devices",
    id: (shop) => deviceOf(shop, "pad"),
    update: { $set: { "value.device.latestIdentified.effectiveMs": 7 } },
  },
  {
    found: ["device index"],
    collection: "devices",
    id: (shop) => deviceOf(shop, "watch"),
    update: { $set: { "fields.owner": "eve" } },
  },
  {
    found: ["device index"],
    collection: "devices",
    id: (shop) => deviceOf(shop, "pad"),
    update: { $set: { "fields.deliverable": 0 } },
  },
  {
    found: ["journal index"],
    collection: "merges",
    id: (shop, { login }) => keyOf(shop, login!),
    update: { $set: { "fields.user": "eve" } },
  },
  {
    found: ["push index"],
    collection: "pushes",
    id: (shop, { opened }) => keyOf(shop, opened!),
    update: { $set: { "index.senderIds": [] } },
  },
  {
    found: ["event attribution"],
    collection: "events",
    id: (_, { past2 }) => past2!,
    update: { $set: { appUserId: "fay" } },
  },
  {
    found: ["profile profile"],
    collection: "profiles",
    id: (shop) => keyOf(shop, "bob"),
    update: { $set: { "value.state.attributes.country": "FR" } },
  },
  { found: ["journal entry"], collection: "merges", id: (shop, { login }) => keyOf(shop, login!) },
  {
    found: ["definition definition"],
    collection: "event_definitions",
    id: (shop) => keyOf(shop, "bought"),
    update: { $set: { parameters: [] } },
  },
  { found: ["definition definition"], collection: "event_definitions", id: (shop) => keyOf(shop, "logged_out") },
  {
    found: ["push index", "push state"],
    collection: "pushes",
    id: (shop, { opened }) => keyOf(shop, opened!),
    update: { $unset: { "entry.deliveredMs": "" }, $set: { "index.user": "nobody" } },
  },
  {
    found: ["device index", "push invalidToken"],
    collection: "devices",
    id: (shop) => deviceOf(shop, "watch"),
    update: { $set: { "value.device.invalidReports": [] } },
  },
  {
    found: ["overdue effects"],
    collection: "pushes",
    id: (shop, { push }) => keyOf(shop, push!),
    update: {
      $set: {
        "entry.attributionPending": true,
        "entry.pendingSinceMs": 1,
        "entry.begunMs": 1,
        "index.outstandingMs": 1,
      },
    },
  },
];

// A file without tests would be a failure.
if (mongodbEngines.length === 0) test.skipIf(true)("on MongoDB, of which none is given", () => undefined);

describe.each(mongodbEngines.filter(({ atomicUpdates }) => atomicUpdates))(
  "carillon verify on $name",
  ({ url: server }) => {
    test("finds what was changed in the database, mends it, and finds nothing any more", {
      timeout: 120_000,
    }, async () => {
      const url = new URL(server);
      url.pathname = `/carillon_verify_${randomUUID().slice(0, 8)}`;
      const system = await startSystem({ clock: pausingClock(start + hour), mongodbUrl: url.href });
      const client = await new MongoClient(url.href).connect();
      try {
        const verify = verifierOf(system);
        for (const { found, collection, id, update } of corruptions) {
          const shop = newApp(system);
          const ids = await furnish(shop, system);
          const before = await shop.state();
          const documents = client.db().collection<{ _id: string }>(collection);
          const filter = { _id: id(shop, ids) };
          const changed =
            update === undefined
              ? (await documents.deleteOne(filter)).deletedCount
              : (await documents.updateOne(filter, update)).modifiedCount;
          expect(changed, `${collection} ${filter._id}`).toBe(1);
          expect(await verify(shop.app)).toMatchObject({ differences: found, pending: [] });
          expect(await verify(shop.app, true)).toMatchObject({ summary: { repaired: true, remaining: 0 } });
          expect(await verify(shop.app)).toMatchObject({ differences: [], pending: [] });
          expect(await shop.state()).toEqual(before);
        }
      } finally {
        await client.close();
        await system.stop();
      }
    });
  },
);
