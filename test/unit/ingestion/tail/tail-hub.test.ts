import { Code } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import type { Arrival } from "../../../../services/ingestion/tail/arrival.ts";
import { createTailHub, type TailReader } from "../../../../services/ingestion/tail/tail-hub.ts";
import { appKey } from "../../../../services/runtime/app-key.ts";
import { virtualClock } from "../../../wire/gateway/virtual-clock.ts";
import { APP, arrival } from "./arrivals.ts";

const everything = () => true;
const OTHER = appKey({ tenantId: "t1", appId: "app2" });

function taken(reader: TailReader): [string | undefined, number][] {
  const items: [string | undefined, number][] = [];
  for (let item = reader.take(); item !== undefined; item = reader.take()) {
    items.push([item.arrival?.eventName, item.dropped]);
  }
  return items;
}

describe("those who tail events", () => {
  it("get what arrives for their app and passes their filter, in its order", () => {
    const hub = createTailHub(virtualClock());
    const all = hub.open(APP, everything);
    const some = hub.open(APP, ({ eventName }: Arrival) => eventName === "b");
    for (const name of ["a", "b"]) hub.publish(arrival(name));
    hub.publish(arrival("c", { app: OTHER }));
    expect([taken(all), taken(some)]).toEqual([
      [
        ["a", 0],
        ["b", 0],
      ],
      [["b", 0]],
    ]);
  });

  it("lose what does not fit and are told how much, where it is missing", async () => {
    const clock = virtualClock();
    const hub = createTailHub(clock);
    const reader = hub.open(APP, everything);
    for (let i = 0; i < 1_003; i += 1) hub.publish(arrival(`e${i}`));
    expect(reader.take()?.arrival?.eventName).toBe("e0");
    await clock.advance(1_000);
    hub.publish(arrival("after the gap"));
    const rest = taken(reader);
    expect(rest.slice(-2)).toEqual([
      ["e999", 0],
      ["after the gap", 3],
    ]);
  });

  it("share what the process has to spare once each has had a bufferful", async () => {
    const clock = virtualClock();
    const hub = createTailHub(clock);
    const readers = [hub.open(APP, everything), hub.open(APP, everything)];
    const count = () => readers.map((reader) => taken(reader).filter(([name]) => name !== undefined).length);
    for (let round = 0; round < 15; round += 1) {
      for (let i = 0; i < 100; i += 1) hub.publish(arrival("e"));
      expect(count()).toEqual(Array(2).fill(round < 10 ? 100 : 0));
    }
    await clock.advance(100);
    for (let i = 0; i < 100; i += 1) hub.publish(arrival("e"));
    expect(count()).toEqual([50, 50]);
  });

  it("are told what they lost even where nothing follows", () => {
    const hub = createTailHub(virtualClock());
    const reader = hub.open(APP, everything);
    hub.publish(arrival("large", { size: 400_000 }));
    hub.publish(arrival("too large", { size: 400_000 }));
    hub.publishDropped(APP, 5);
    expect(taken(reader)).toEqual([
      ["large", 0],
      [undefined, 6],
    ]);
    hub.publish(arrival("large", { size: 400_000 }));
    expect(taken(reader)).toEqual([["large", 0]]);
  });

  it("do not count what they did not ask for as lost", () => {
    const hub = createTailHub(virtualClock());
    const reader = hub.open(APP, () => false);
    for (let i = 0; i < 2_000; i += 1) hub.publish(arrival("e"));
    expect(taken(reader)).toEqual([]);
  });

  it("are waiting until something arrives or the reading ends", async () => {
    const hub = createTailHub(virtualClock());
    const reader = hub.open(APP, everything);
    const arrived = reader.readable();
    hub.publish(arrival("a"));
    await arrived;
    taken(reader);
    const ended = reader.readable();
    hub.close();
    await ended;
    expect(reader.isClosed).toBe(true);
    expect(() => hub.open(APP, everything)).toThrow(expect.objectContaining({ code: Code.Unavailable }));
  });

  it("are few, on an app and in all, and make room when they leave", () => {
    const hub = createTailHub(virtualClock());
    const tooMany = expect.objectContaining({ code: Code.ResourceExhausted });
    const readers = Array.from({ length: 16 }, () => hub.open(APP, everything));
    expect(() => hub.open(APP, everything)).toThrow(tooMany);
    readers[0]!.close();
    readers[0]!.close();
    hub.open(APP, everything);
    for (let i = 0; i < 48; i += 1) hub.open(appKey({ tenantId: "t1", appId: `other${i}` }), everything);
    expect(() => hub.open(OTHER, everything)).toThrow(tooMany);
  });

  it("are known to be there while they are", () => {
    const hub = createTailHub(virtualClock());
    expect([hub.hasReaders, hub.isTailed(APP)]).toEqual([false, false]);
    const reader = hub.open(APP, everything);
    expect([hub.hasReaders, hub.isTailed(APP), hub.isTailed(OTHER)]).toEqual([true, true, false]);
    reader.close();
    expect([hub.hasReaders, hub.isTailed(APP)]).toEqual([false, false]);
  });
});
