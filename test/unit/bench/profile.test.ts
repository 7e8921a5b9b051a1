import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { byArea } from "../../bench/profile/by-area.ts";
import { readProfiles } from "../../bench/profile/cpu-profile.ts";
import { flameGraph } from "../../bench/profile/flame-graph.ts";

const ROOT = new URL("../../../", import.meta.url).href;
const frame = (functionName: string, url = "") => ({ functionName, url, lineNumber: 6 });

/** root -> handle (gateway) -> save (services) -> handle (gateway); root -> idle; ten samples of 1 ms. */
const profile = {
  nodes: [
    { id: 1, callFrame: frame("(root)"), children: [2, 5] },
    { id: 2, callFrame: frame("handle", `${ROOT}gateway/server.ts`), children: [3] },
    { id: 3, callFrame: frame("save<T>", `${ROOT}services/storage/save.ts`), children: [4] },
    { id: 4, callFrame: frame("handle", `${ROOT}gateway/server.ts`) },
    { id: 5, callFrame: frame("(idle)") },
  ],
  startTime: 1_000_000,
  samples: [2, 2, 5, 5, 3, 3, 3, 4, 5, 5],
  timeDeltas: Array(10).fill(1_000),
};

function read(span: { fromMicros: number; toMicros: number }) {
  const folder = mkdtempSync(join(tmpdir(), "carillon-profile-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, "CPU.20260101.000000.77.1.001.cpuprofile"), JSON.stringify(profile));
  const [thread, ...others] = readProfiles(folder, span);
  expect(others).toEqual([]);
  if (thread === undefined) throw new Error("no profile was read");
  return thread;
}

describe("a CPU profile", () => {
  it("tells of which process and thread it is, and leaves out idle time", () => {
    const { pid, thread, busy, root } = read({ fromMicros: 0, toMicros: 2_000_000 });
    expect({ pid, thread, busy, samples: root.total }).toEqual({ pid: 77, thread: 1, busy: 0.6, samples: 6 });
  });

  it("is cut to the time that is asked for", () => {
    expect(read({ fromMicros: 1_005_000, toMicros: 1_007_000 }).root.total).toBe(3);
  });

  it("counts a sample once for each area on its stack, however often the area is there", () => {
    const shares = byArea(read({ fromMicros: 0, toMicros: 2_000_000 }).root);
    expect(shares).toEqual([
      { area: "gateway", self: 3 / 6, inclusive: 1 },
      { area: "services/storage", self: 3 / 6, inclusive: 4 / 6 },
    ]);
  });

  it("becomes a flame graph whose frames have their names, places and shares", () => {
    const svg = flameGraph("one process", read({ fromMicros: 0, toMicros: 2_000_000 }).root);
    expect(svg).toContain("<title>save&lt;T&gt; services/storage/save.ts:7, 66.7 %</title>");
    expect(svg).toContain('width="1199.7"');
    expect(svg.match(/<rect/g)).toHaveLength(5);
  });
});
