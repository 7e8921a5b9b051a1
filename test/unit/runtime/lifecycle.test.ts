import { describe, expect, test } from "vitest";
import { createLifecycle } from "../../../services/runtime/lifecycle.ts";
import { createLogger } from "../../../services/runtime/log.ts";

describe("a lifecycle", () => {
  const lines: string[] = [];
  const log = createLogger({ name: "test", level: "info", destination: { write: (line) => lines.push(line) } });

  test("stops in reverse order, one after the other, once", async () => {
    const order: string[] = [];
    const lifecycle = createLifecycle(log);
    lifecycle.onStop("store", () => {
      order.push("store");
    });
    lifecycle.onStop("server", async () => {
      order.push("server stops");
      await Promise.resolve();
      order.push("server stopped");
    });
    expect(await Promise.all([lifecycle.stop(), lifecycle.stop()])).toEqual([true, true]);
    expect(order).toEqual(["server stops", "server stopped", "store"]);
  });

  test("goes on stopping when something cannot be stopped, and says so", async () => {
    const order: string[] = [];
    const lifecycle = createLifecycle(log);
    lifecycle.onStop("store", () => {
      order.push("store");
    });
    lifecycle.onStop("server", () => Promise.reject(new Error("stuck")));
    expect(await lifecycle.stop()).toBe(false);
    expect(order).toEqual(["store"]);
    expect(lines.join()).toContain("could not stop server");
  });
});
