import { beforeEach, describe, expect, test } from "vitest";
import { app, deviceKey, type EventSketch, event, otherApp } from "./event-fixture.ts";
import { type OpenStore, storeEngines } from "./stores.ts";

describe.each(storeEngines)("distinct values on $name", ({ open }) => {
  let store: OpenStore;
  beforeEach(async () => {
    store = await open();
    return () => store.close();
  });

  test("devices and users of an app are told once each, in order, however many events they have", async () => {
    const many = Array.from({ length: 1_200 }, (_, id) => event({ id, device: "busy", user: "m" }));
    await store.events.insert(many);
    const sketches: EventSketch[] = [
      { id: "a", device: "a", user: "\uffef" },
      { id: "b", device: "b", user: "\uffee" },
      { id: "c", role: "hash", device: "c" },
      { id: "d", role: "user", user: "z" },
      { id: "e", app: otherApp, device: "e", user: "other" },
    ];
    await store.events.insert(sketches.map(event));
    const keys = ["a", "b", "busy", "c"].map(deviceKey).sort();
    expect(await store.events.deviceKeys({ app, after: "", limit: 10 })).toEqual(keys);
    expect(await store.events.deviceKeys({ app, after: keys[1]!, limit: 1 })).toEqual([keys[2]]);
    expect(await store.events.users({ app, after: "", limit: 10 })).toEqual(["m", "z", "\uffee", "\uffef"]);
    expect(await store.events.users({ app, after: "m", limit: 1 })).toEqual(["z"]);
    expect(await store.events.users({ app, after: "\uffef", limit: 1 })).toEqual([]);
  });
});
