import type { Document } from "mongodb";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { appKey } from "../../../services/runtime/app-key.ts";
import { deviceKeyOf } from "../../../services/runtime/device-key.ts";
import type { MongodbDatabase } from "../../../services/storage/mongodb-database.ts";
import { type PushRegistration, register } from "../../../services/tracking/push.ts";
import { parsePushKey } from "../../../services/tracking/push-key.ts";
import type { PushStore } from "../../../services/tracking/store.ts";
import { virtualClock } from "../../system/virtual-clock.ts";
import { numberedKey as key } from "./numbered-key.ts";
import { type MongodbLedger, mongodbAdapters } from "./stores.ts";

const startMs = Date.UTC(2026, 10, 1);
const app = appKey({ tenantId: "acme", appId: "shop" });
const base: PushRegistration = { sentAppUserId: "ada", deviceToken: "phone", sentMs: startMs, senderIds: [] };

/** What the adapter asks of MongoDB servers, on those that can be had here. */
export function describeMongodbCommands(): void {
  describe.each(mongodbAdapters)("the commands of the push ledger on $name", ({ open, atomicUpdates }) => {
    let ledger: MongodbLedger;
    let pushes: PushStore;
    let mongodb: MongodbDatabase;

    beforeAll(async () => {
      ledger = await open(virtualClock(startMs));
      ({ pushes, mongodb } = ledger);
    });
    afterAll(() => ledger?.close());

    it("takes one command to load and one to save, whatever is in them", async () => {
      if (!atomicUpdates) return;
      const commands = await commandsOf(mongodb, async () => {
        const entries = Array.from({ length: 40 }, (_, i) => ({
          key: key(app, i),
          expectedVersion: 0,
          entry: register(undefined, base, startMs),
        }));
        await pushes.load(entries.map((entry) => entry.key));
        await pushes.save(entries);
      });
      expect(commands.map((command) => Object.keys(command)[0])).toEqual(["find", "update"]);
    });

    it("answers no query by looking at every push, where the server tells", async () => {
      const floating = { ...base, sentAppUserId: "anon:a", senderIds: [{ name: "a", value: "b" }] };
      await pushes.save([{ key: key(app, 99), expectedVersion: 0, entry: register(undefined, floating, startMs) }]);
      const after = { sentMs: startMs, trackingToken: parsePushKey(key(app, 9)).trackingToken };
      const senderId = { name: "a", value: "b" };
      const commands = await commandsOf(mongodb, async () => {
        for (const query of [
          {},
          { appUserId: "ada" },
          { deviceToken: "phone" },
          { appUserId: "ada", deviceToken: "phone" },
        ]) {
          await pushes.list({ app, ...query, limit: 9 });
          await pushes.list({ app, ...query, after, limit: 9 });
        }
        await pushes.floating({ app, deviceKeys: [deviceKeyOf("a")], fromMs: 0, toMs: startMs, after, limit: 9 });
        await pushes.countAttributedBy(app, ["event-1"]);
        await pushes.countByState({ app, startMs: 0 });
        await pushes.countByState({ app, startMs: 0, senderId });
        await pushes.outstanding({ begunBeforeMs: startMs, limit: 9 });
        await pushes.expired({ lastReceiptBeforeMs: startMs, limit: 9 });
        await pushes.load([key(app, 99)]);
      });
      expect(commands.length).toBeGreaterThan(15);
      for (const { lsid, $db, $readPreference, $clusterTime, ...command } of commands) {
        const plan = await mongodb.db.command({ explain: command }).catch(() => "the server tells nothing");
        expect(JSON.stringify(plan)).not.toContain("COLLSCAN");
      }
    });
  });
}

/** The commands that the driver sends meanwhile. */
async function commandsOf({ client }: MongodbDatabase, work: () => Promise<void>): Promise<Document[]> {
  const commands: Document[] = [];
  const note = ({ command }: { readonly command: Document }) => commands.push(command);
  client.on("commandStarted", note);
  await work();
  client.off("commandStarted", note);
  return commands;
}
