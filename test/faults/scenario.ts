import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "vitest";
import { createGatewayCalls } from "../../deploy/smoke/smoke.ts";
import { type LoadResult, startLoad } from "./load.ts";
import { differences, operatorTransport } from "./state.ts";
import type { Topology } from "./topology.ts";

/** Load before the fault, and after it, milliseconds. */
const BEFORE_MS = 1_500;
const AFTER_MS = 1_500;
/** How often the state is read until it is what it should be, and how often in all: a minute. */
const LOOK_EVERY_MS = 500;
const LOOKS = 120;

/** The app that the load was about. */
export interface App {
  readonly tenantId: string;
  readonly appId: string;
}

export interface Scenario {
  /** Names the line in the report. */
  readonly name: string;
  readonly topology: Topology;
  readonly seed: number;
  /** The fault, under load; ends when what broke may work again. */
  fault(): Promise<void>;
}

/**
 * Runs load through a fault and asserts that everything which was acknowledged is stored once, and that the state
 * becomes exactly what the page says of it. Prints how long that took after the fault.
 */
export async function survive({ name, topology, seed, fault }: Scenario): Promise<LoadResult & { readonly app: App }> {
  await topology.ready();
  const calls = createGatewayCalls(topology);
  const created = await calls.operator("carillon.identity.v1.AppService/CreateApp", { tenantId: "faults", name });
  const { appId } = created.app as { readonly appId: string };
  const app = { tenantId: "faults", appId, apiKey: String(created.apiKey) };
  const load = startLoad({ ...topology, app, seed });
  await sleep(BEFORE_MS);
  await fault();
  const overMs = performance.now();
  await sleep(AFTER_MS);
  const result = await load.finish();
  const recoveryMs = await untilRight(topology, { app, accepted: result.accepted, sinceMs: overMs });
  const { events, refreshes, pushes } = result.accepted;
  const counts = [...result.answers].map(([status, count]) => `${status}: ${count}`).join(", ");
  process.stdout.write(
    `${name}: ${events.length} events, ${refreshes.length} refreshes, ${pushes.length} pushes; answers ${counts}; ` +
      `longest answer ${result.longestMs} ms, longest until accepted ${result.longestOutageMs} ms, state right ${recoveryMs} ms after the fault\n`,
  );
  // What is not accepted is answered 503, or not at all where the gateway itself ended.
  for (const status of result.answers.keys()) expect(["200", "503", "none"]).toContain(status);
  return { ...result, app };
}

interface Expected {
  readonly app: App;
  readonly accepted: LoadResult["accepted"];
  readonly sinceMs: number;
}

/** Milliseconds since the fault until the state was right. */
async function untilRight(topology: Topology, { app, accepted, sinceMs }: Expected): Promise<number> {
  const transport = operatorTransport(topology);
  let found: string[] = [];
  for (let look = 0; look < LOOKS; look++) {
    found = await differences(transport, app, accepted).catch((error: unknown) => [`cannot be read: ${error}`]);
    if (found.length === 0) return Math.round(performance.now() - sinceMs);
    await sleep(LOOK_EVERY_MS);
  }
  throw new Error(`the state is not what was accepted:\n${found.slice(0, 20).join("\n")}\n\n${topology.output()}`);
}
