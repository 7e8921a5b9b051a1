import { createHash } from "node:crypto";
import { create } from "@bufbuild/protobuf";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  EventKind,
  type IncomingEvent,
  IncomingEventSchema,
  EventVerdict_Outcome as Outcome,
} from "../../proto/gen/carillon/ingestion/v1/ingestion_service_pb.js";
import { createOutage } from "./failing-database.ts";
import { type System, startSystem } from "./system.ts";
import { virtualClock } from "./virtual-clock.ts";

const startMs = Date.UTC(2026, 10, 1);

describe("events with idempotency keys", () => {
  const clock = virtualClock(startMs);
  const outage = createOutage();
  let system: System;
  let apps = 0;
  beforeAll(async () => {
    system = await startSystem({ clock, databaseOf: outage.databaseOf });
  });
  afterAll(() => system.stop());

  function newApp() {
    apps += 1;
    const app = { tenantId: "acme", appId: `keys_${apps}` };
    const event = (body: string, idempotencyKey = "k"): IncomingEvent =>
      create(IncomingEventSchema, {
        ...app,
        fingerprint: sha256(JSON.stringify([app.appId, body, idempotencyKey])),
        kind: EventKind.USER,
        sentAppUserId: "ada",
        eventName: "bought",
        receivedTimeMs: startMs,
        paramsJson: "{}",
        contextJson: "{}",
        surface: "pushengage",
        idempotencyKey,
        idempotencyHash: sha256(body),
      });
    return {
      event,
      outcomes: async (...events: IncomingEvent[]) =>
        (await system.ingestion.ingestEvents({ events })).verdicts.map(({ outcome }) => outcome),
      stored: async () => (await system.events.listEvents(app)).events.map(({ fingerprint }) => fingerprint),
    };
  }

  it("are stored once; another body under the same key is a conflict and is not stored", async () => {
    const { event, outcomes, stored } = newApp();
    const [a, b] = [event("a"), event("b")];
    expect(await outcomes(a, b, event("c", "other"), a)).toEqual([
      Outcome.STORED,
      Outcome.IDEMPOTENCY_CONFLICT,
      Outcome.STORED,
      Outcome.DUPLICATE,
    ]);
    expect(await outcomes(b)).toEqual([Outcome.IDEMPOTENCY_CONFLICT]);
    expect(await outcomes(a)).toEqual([Outcome.DUPLICATE]);
    expect((await stored()).toSorted()).toEqual([a.fingerprint, event("c", "other").fingerprint].toSorted());
  });

  it("keep their key through a crash at any moment, and nothing is ever refused that is stored", async () => {
    for (let step = 0; step < 12; step += 1) {
      for (const when of ["before", "after"] as const) {
        const { event, outcomes, stored } = newApp();
        const [a, b] = [event("a"), event("b")];
        outage.begin(step, when);
        await outcomes(a).catch(() => []);
        outage.end();
        await system.restart();
        // Whoever comes first has the key from then on; what the crash left decides who that was.
        const [ofB] = await outcomes(b);
        const [ofA] = await outcomes(a);
        const winner = ofB === Outcome.STORED ? b : a;
        expect([ofA, ofB], `step ${step} ${when}`).toContain(Outcome.IDEMPOTENCY_CONFLICT);
        expect(await outcomes(winner)).toEqual([Outcome.DUPLICATE]);
        expect(await stored()).toEqual([winner.fingerprint]);
      }
    }
  });
});

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
