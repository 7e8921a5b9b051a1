import { timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import { describe, expect, it } from "vitest";
import { ledgerAdapters } from "../../contract/tracking/stores.ts";
import { app, startMs, token, trackingFixture } from "./tracking-fixture.ts";

const adapters = ledgerAdapters.filter(({ atomicUpdates }) => atomicUpdates);

describe.each(adapters)("two processes on one ledger on $name", ({ open }) => {
  it("come to one push from reports and registrations at the same time", async () => {
    const fixture = await trackingFixture(open);
    const instances = [fixture, fixture.other];
    const pushes = [1, 2].map((n) => ({
      trackingToken: token(n),
      appUserId: "ada",
      deviceToken: "phone",
      sentTime: timestampFromMs(startMs),
    }));
    const report = (i: number) => ({
      reports: [1, 2, 1].map((n) => ({
        ...app,
        trackingToken: token(n),
        openedMs: startMs + 10 - i,
        deliveredMs: startMs + i,
        receivedTimeMs: startMs + 10 - i,
      })),
    });
    const calls = [0, 1, 2].flatMap((i) =>
      instances.flatMap(({ tracking, push }) => [
        tracking.reportPushes(report(i)),
        push.registerPushes({ ...app, pushes }),
        tracking.reportPushes(report(i)),
      ]),
    );
    await Promise.all(calls);
    for (const n of [1, 2]) {
      const { push } = await fixture.push.getPush({ ...app, trackingToken: token(n) });
      expect(push?.state).toBe("opened");
      expect([timestampMs(push!.deliveredTime!), timestampMs(push!.openedTime!)]).toEqual([startMs, startMs + 8]);
    }
    expect((await fixture.push.listPushes(app)).pushes).toHaveLength(2);
    await fixture.close();
  });

  it("let one of two different registrations of a token win", async () => {
    const fixture = await trackingFixture(open);
    const results = await Promise.allSettled(
      [fixture, fixture.other].map(({ push }, i) =>
        push.registerPushes({
          ...app,
          pushes: [
            {
              trackingToken: token(1),
              appUserId: `user${i}`,
              deviceToken: "phone",
              sentTime: timestampFromMs(startMs),
            },
          ],
        }),
      ),
    );
    expect(results.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
    await fixture.close();
  });
});
