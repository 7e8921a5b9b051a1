import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { HOLD_MS, type PushReport } from "../../../services/tracking/held-reports.ts";
import {
  applyReport,
  attribute,
  type LedgerEntry,
  type PushRegistration,
  pushState,
  type RegisteredPush,
  register,
  settle,
} from "../../../services/tracking/push.ts";

const registration: PushRegistration = {
  sentAppUserId: "ada",
  deviceToken: "token-1",
  sentMs: 1_000,
  senderIds: [{ name: "campaign", value: "spring" }],
};
const registeredMs = 1_000 * 3_600_000;

const time = fc.integer({ min: registeredMs - 2 * HOLD_MS, max: registeredMs + HOLD_MS });
const edge = fc.constantFrom(registeredMs - HOLD_MS - 1, registeredMs - HOLD_MS, registeredMs);
const report: fc.Arbitrary<PushReport> = fc.record(
  {
    receivedMs: fc.oneof(time, edge),
    deliveredMs: time,
    openedMs: time,
    invalidToken: fc.boolean(),
  },
  { requiredKeys: ["receivedMs"] },
);

/** The ledger's rules put down in the plainest way: all reports at hand, no order, no state. */
function progressOf(reports: readonly PushReport[]) {
  const valid = reports.filter(({ receivedMs }) => registeredMs - receivedMs <= 72 * 3_600_000);
  const opened = valid.flatMap(({ openedMs }) => openedMs ?? []);
  const delivered = [...opened, ...valid.flatMap(({ deliveredMs }) => deliveredMs ?? [])];
  const invalid = valid.filter(({ invalidToken }) => invalidToken).map(({ receivedMs }) => receivedMs);
  return {
    deliveredMs: delivered.length === 0 ? undefined : Math.min(...delivered),
    openedMs: opened.length === 0 ? undefined : Math.min(...opened),
    invalidTokenMs: invalid.length === 0 ? undefined : Math.max(...invalid),
  };
}

function registered(entry: LedgerEntry | undefined): RegisteredPush {
  if (entry?.kind !== "registered") throw new Error("not registered");
  return entry;
}

describe("a push in the ledger", () => {
  it("comes to the same whatever the order and repetition of its registration and reports", () => {
    fc.assert(
      fc.property(
        fc.array(report, { maxLength: 20 }).chain((reports) =>
          fc.record({
            reports: fc.constant(reports),
            steps: fc.shuffledSubarray([...reports, ...reports, "register", "register"], {
              minLength: reports.length * 2 + 2,
            }),
          }),
        ),
        ({ reports, steps }) => {
          let entry: LedgerEntry | undefined;
          for (const step of steps) {
            const now =
              step === "register"
                ? register(entry, registration, registeredMs)
                : applyReport(entry, step as PushReport);
            if (pushOrder(now) < pushOrder(entry)) throw new Error("the state moved back");
            entry = now;
          }
          const { deliveredMs, openedMs, invalidTokenMs } = registered(entry);
          expect({ deliveredMs, openedMs, invalidTokenMs }).toEqual(progressOf(reports));
          expect(registered(entry)).toMatchObject({ ...registration, registeredMs, appUserId: "ada" });
        },
      ),
    );
  });

  it("is delivered not later than it is opened", () => {
    fc.assert(
      fc.property(fc.array(report, { minLength: 1, maxLength: 10 }), (reports) => {
        const start: LedgerEntry = register(undefined, registration, registeredMs);
        const push = registered(reports.reduce<LedgerEntry>(applyReport, start));
        if (push.openedMs !== undefined) expect(push.deliveredMs).toBeLessThanOrEqual(push.openedMs);
      }),
    );
  });

  it("stays the same object when it is told what it knows", () => {
    const opened = { receivedMs: registeredMs, openedMs: registeredMs };
    const push = applyReport(register(undefined, registration, registeredMs), opened);
    expect(applyReport(push, opened)).toBe(push);
    expect(applyReport(push, { receivedMs: registeredMs + 9, openedMs: registeredMs + 9 })).toBe(push);
    expect(register(push, registration, registeredMs + 9)).toBe(push);
    const held = applyReport(undefined, opened);
    expect(applyReport(held, opened)).toBe(held);
  });

  it("takes a report of 72 hours before and none of a millisecond more", () => {
    const held = (receivedMs: number) => applyReport(undefined, { receivedMs, openedMs: receivedMs });
    expect(pushState(register(held(registeredMs - HOLD_MS), registration, registeredMs))).toBe("opened");
    expect(pushState(register(held(registeredMs - HOLD_MS - 1), registration, registeredMs))).toBe("sent");
  });

  it("holds each report by itself: a fresh one applies beside an expired one", () => {
    const reports = [registeredMs - HOLD_MS - 5, registeredMs - 5].map((ms) => ({ receivedMs: ms, openedMs: ms }));
    const held = reports.reduce<LedgerEntry | undefined>(applyReport, undefined);
    expect(register(held, registration, registeredMs).openedMs).toBe(registeredMs - 5);
  });

  it("is bounded and free of order under any number of reports before its registration", () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(time, { minLength: 33, maxLength: 80 }),
        fc.infiniteStream(fc.nat()),
        (times, keys) => {
          const reports = times.map((ms) => ({ receivedMs: ms, openedMs: ms }));
          const shuffled = reports
            .map((each) => ({ each, key: keys.next().value as number }))
            .sort((a, b) => a.key - b.key)
            .map(({ each }) => each);
          const held = reports.reduce<LedgerEntry | undefined>(applyReport, undefined);
          expect(shuffled.reduce<LedgerEntry | undefined>(applyReport, undefined)).toEqual(held);
          expect(held?.kind === "held" && held.held.opened.length).toBe(32);
          expect(pushState(register(held, registration, registeredMs))).toBe(pushState(progressOf(reports)));
        },
      ),
      { numRuns: 50 },
    );
  });
});

describe("the attribution of a push to an anonymous owner", () => {
  const floating = register(undefined, { ...registration, sentAppUserId: "anon:token-1" }, registeredMs);
  const decision = {
    appUserId: "ada",
    attributedBy: "f".repeat(64),
    attributionVersion: 4,
    expectedRevision: floating.revision,
    decidedMs: registeredMs + 1,
  };

  it("is pending from the registration until it is settled", () => {
    expect(floating).toMatchObject({ appUserId: "anon:token-1", attributionPending: true, attributionVersion: 0 });
    expect(register(undefined, registration, registeredMs).attributionPending).toBe(false);
    const decided = attribute(floating, decision)!;
    expect(settle(decided, decided.revision)).toMatchObject({
      appUserId: "ada",
      attributionPending: false,
      priors: [],
    });
    expect(settle(decided, floating.revision)).toBe(decided);
  });

  it("refuses a decision on what has changed since, and one by an older version of the device", () => {
    const decided = attribute(floating, decision)!;
    expect(attribute(decided, decision)).toBeUndefined();
    expect(
      attribute(decided, { ...decision, expectedRevision: decided.revision, attributionVersion: 3 }),
    ).toBeUndefined();
    expect(
      attribute(decided, { ...decision, expectedRevision: decided.revision, attributionVersion: 5 }),
    ).toBeDefined();
  });

  it("remembers whom decisions took it from until it is settled, each once", () => {
    const decide = (push: RegisteredPush, appUserId: string) =>
      attribute(push, { ...decision, appUserId, expectedRevision: push.revision })!;
    const moved = ["ada", "bob", "ada", "bob"].reduce(decide, floating);
    expect(moved.priors.map(({ appUserId }) => appUserId)).toEqual(["ada", "bob"]);
    expect(moved.attributionPending).toBe(true);
  });

  it("is not undone by a report", () => {
    const decided = attribute(floating, decision)!;
    expect(applyReport(decided, { receivedMs: registeredMs, openedMs: registeredMs })).toMatchObject({
      appUserId: "ada",
      revision: decided.revision,
    });
  });
});

function pushOrder(entry: LedgerEntry | undefined): number {
  return entry?.kind === "registered" ? ["sent", "delivered", "opened"].indexOf(pushState(entry)) : -1;
}
