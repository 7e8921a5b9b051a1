import { describe, expect, test } from "vitest";
import type { Clock } from "../../../services/runtime/clock.ts";
import { watchHealth } from "../../../services/runtime/health.ts";
import { createLogger } from "../../../services/runtime/log.ts";

const log = createLogger({ name: "test", level: "silent" });

/** A clock that moves when it is told to. */
function manualClock() {
  const sleepers = new Set<() => void>();
  const clock: Clock = {
    now: () => 0,
    sleep: (_, signal) =>
      new Promise((resolve, reject) => {
        const wake = () => {
          sleepers.delete(wake);
          resolve();
        };
        sleepers.add(wake);
        signal?.addEventListener("abort", () => {
          sleepers.delete(wake);
          reject(signal.reason);
        });
      }),
  };
  return { clock, wakeAll: () => [...sleepers].map((wake) => wake()) };
}

describe("watching what a process needs", () => {
  test("reports ready while everything is healthy, again and again", async () => {
    const { clock, wakeAll } = manualClock();
    const reports: boolean[] = [];
    let storeHealthy = true;
    const needs = { store: async () => storeHealthy, limiter: async () => true };
    const health = await watchHealth({ needs, report: (ready) => reports.push(ready), clock, log });
    expect(reports).toEqual([true]);
    storeHealthy = false;
    wakeAll();
    await expect.poll(() => reports).toEqual([true, false]);
    storeHealthy = true;
    wakeAll();
    await expect.poll(() => reports).toEqual([true, false, true]);
    await health.stop();
    wakeAll();
    expect(reports).toHaveLength(3);
  });

  test("takes what fails, and what does not answer in time, as not ready", async () => {
    for (const broken of [() => Promise.reject(new Error("gone")), () => new Promise<boolean>(() => undefined)]) {
      const { clock, wakeAll } = manualClock();
      const reports: boolean[] = [];
      const watching = watchHealth({ needs: { broken }, report: (ready) => reports.push(ready), clock, log });
      wakeAll();
      const health = await watching;
      expect(reports).toEqual([false]);
      await health.stop();
    }
  });
});
