import { Code, ConnectError, createClient, type ServiceImpl } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { tailingAll } from "../../../../gateway/tail/tail-replicas.ts";
import { EventService } from "../../../../proto/gen/carillon/ingestion/v1/event_service_pb.js";
import { tailEvents } from "../../../../services/ingestion/tail/tail-events.ts";
import { createTailHub, type TailHub } from "../../../../services/ingestion/tail/tail-hub.ts";
import { hostedService } from "../../../../services/runtime/hosted-service.ts";
import { createLocalTransport } from "../../../../services/runtime/local-transport.ts";
import { createLogger } from "../../../../services/runtime/log.ts";
import { type VirtualClock, virtualClock } from "../../../wire/gateway/virtual-clock.ts";
import { arrival } from "../../ingestion/tail/arrivals.ts";

const refuse = async function* () {
  yield* [];
  throw new ConnectError("connection refused", Code.Unavailable);
};
const log = createLogger({ name: "test", level: "silent" });

/** Processes of ingestion that come and go. */
function cluster(clock: VirtualClock) {
  const hubs = new Map<string, TailHub>();
  const connect = (address: string) => {
    const hub = hubs.get(address);
    const handlers = { tailEvents: hub === undefined ? refuse : tailEvents(hub, clock) };
    return {
      ...createLocalTransport([hostedService(EventService, handlers as unknown as ServiceImpl<typeof EventService>)], {
        log,
      }),
      close: () => undefined,
    };
  };
  const addresses = new Set<string>();
  const replicas = { addresses: async () => [...addresses], connect };
  return {
    /** Starts a process at an address. */
    start(address: string): TailHub {
      addresses.add(address);
      const hub = createTailHub(clock);
      hubs.set(address, hub);
      return hub;
    },
    /** Leaves the address without a process. */
    lose(address: string) {
      addresses.add(address);
      hubs.get(address)?.close();
      hubs.delete(address);
    },
    async tail() {
      const leaving = new AbortController();
      const client = createClient(EventService, tailingAll(connect("none"), { replicas, clock }));
      const stream = client.tailEvents({ tenantId: "t1", appId: "app1" }, { signal: leaving.signal });
      const iterator = stream[Symbol.asyncIterator]();
      const [first] = await Promise.all([iterator.next(), clock.advance(2_000)]);
      expect(first.value).toMatchObject({ verdict: "" });
      return { next: async () => (await iterator.next()).value, leave: () => leaving.abort() };
    },
  };
}

describe("a tail through a gateway", () => {
  it("brings what arrives at every process", async () => {
    const { start, tail } = cluster(virtualClock());
    const hubs = ["a", "b", "c"].map(start);
    const reader = await tail();
    for (const [i, hub] of hubs.entries()) hub.publish(arrival(`e${i}`));
    const names = [];
    while (names.length < 3) names.push((await reader.next())?.event?.eventName);
    expect(names.sort()).toEqual(["e0", "e1", "e2"]);
  });

  it("stands with the processes that answer, and takes up those that come", async () => {
    const clock = virtualClock();
    const { start, lose, tail } = cluster(clock);
    start("a");
    lose("b");
    const reader = await tail();
    const late = start("b");
    await clock.advance(2_000);
    expect(late.hasReaders).toBe(true);
    late.publish(arrival("late"));
    expect((await reader.next())?.event?.eventName).toBe("late");
  });

  it("tells that something may be missing where a process was lost, and comes back to it", async () => {
    const clock = virtualClock();
    const { start, lose, tail } = cluster(clock);
    start("a");
    const reader = await tail();
    lose("a");
    expect(await reader.next()).toMatchObject({ verdict: "", gap: true });
    const again = start("a");
    await clock.advance(2_000);
    again.publish(arrival("again"));
    expect(await reader.next()).toMatchObject({ verdict: "accepted", gap: false });
  });

  it("is refused where no process answers", async () => {
    const clock = virtualClock();
    const { lose, tail } = cluster(clock);
    await expect(tail()).rejects.toMatchObject({ code: Code.Unavailable });
    lose("a");
    await expect(tail()).rejects.toMatchObject({ code: Code.Unavailable });
  });

  it("loses what a slow reader has no room for, at the process, and tells how much", async () => {
    const { start, tail } = cluster(virtualClock());
    const hub = start("a");
    const reader = await tail();
    const sent = 5_000;
    for (let i = 0; i < sent; i += 1) hub.publish(arrival(`e${i}`));
    let read = 0;
    for (let dropped = 0; read + dropped < sent; ) {
      const message = await reader.next();
      if (message?.verdict !== "") read += 1;
      dropped += message?.droppedCount ?? 0;
    }
    expect(read).toBe(1_000);
  });

  it("leaves nobody behind when its reader leaves", async () => {
    const clock = virtualClock();
    const { start, tail } = cluster(clock);
    const hub = start("a");
    const reader = await tail();
    reader.leave();
    await clock.advance(0);
    expect([hub.hasReaders, clock.sleeping]).toEqual([false, 0]);
  });

  it("says every 15 seconds that it stands", async () => {
    const clock = virtualClock();
    const { start, tail } = cluster(clock);
    start("a");
    const reader = await tail();
    const next = reader.next();
    await clock.advance(15_000);
    expect(await next).toMatchObject({ verdict: "", droppedCount: 0, gap: false });
  });
});
