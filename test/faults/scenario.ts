import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "vitest";
import { createGatewayCalls } from "../../deploy/smoke/smoke.ts";
import { type Load, type LoadResult, startLoad } from "./load.ts";
import { keepResult } from "./results.ts";
import { differences, type OperatorApi, operatorTransport } from "./state.ts";

/** Load before the fault once it is under way, and after it, milliseconds. */
const BEFORE_MS = 1_500;
const AFTER_MS = 1_500;
/** How long requests may go on being refused after the fault. */
const ACCEPTED_WITHIN_MS = 60_000;
/** How often the state is read until it is what it should be, and how often in all: a minute. */
const LOOK_EVERY_MS = 500;
const LOOKS = 120;

/** The app that the load was about. */
export interface App {
  readonly tenantId: string;
  readonly appId: string;
}

/** A running system. */
export interface System extends OperatorApi {
  ready(): Promise<void>;
  output(): string;
}

export interface Scenario {
  /** Names the fault in docs/reliability.md. */
  readonly name: string;
  /** What happens, in a sentence; of no interest where nothing breaks. */
  readonly happens?: string;
  readonly system: System;
  readonly seed: number;
  /** The fault, under load; ends when what broke may work again. */
  fault(load: Load): Promise<void>;
  /** Neither token refreshes nor pushes. */
  readonly eventsOnly?: boolean;
}

/**
 * Runs load through a fault and asserts that everything which was acknowledged is stored once, and that the state
 * becomes exactly what the page says of it. Prints and keeps how long that took after the fault.
 */
export async function survive(scenario: Scenario): Promise<LoadResult & { readonly app: App }> {
  const { name, happens, system, seed, fault, eventsOnly = false } = scenario;
  await system.ready();
  const calls = createGatewayCalls(system);
  const created = await calls.operator("carillon.identity.v1.AppService/CreateApp", { tenantId: "faults", name });
  const { appId } = created.app as { readonly appId: string };
  const app = { tenantId: "faults", appId, apiKey: String(created.apiKey) };
  const load = startLoad({ ...system, app, seed, eventsOnly });
  await load.underWay;
  await sleep(BEFORE_MS);
  await fault(load);
  const overMs = performance.now();
  await sleep(AFTER_MS);
  const result = await accepted(load, system);
  const recoveryMs = await untilRight(system, { app, accepted: result.accepted, sinceMs: overMs });
  const { events, refreshes, pushes } = result.accepted;
  const counts = [...result.answers].map(([status, count]) => `${status}: ${count}`).join(", ");
  process.stdout.write(
    `${name}: ${events.length} events, ${refreshes.length} refreshes, ${pushes.length} pushes; answers ${counts}; ` +
      `longest answer ${result.longestMs} ms, longest until accepted ${result.longestOutageMs} ms, state right ${recoveryMs} ms after the fault\n`,
  );
  // What is not accepted is answered 503, or not at all where the gateway itself ended.
  for (const status of result.answers.keys()) expect(["200", "503", "none"]).toContain(status);
  if (happens !== undefined) {
    const answered = (status: string) => result.answers.get(status) ?? 0;
    await keepResult({
      fault: name,
      happens,
      accepted: answered("200"),
      refused: answered("503"),
      unanswered: answered("none"),
      longestAnswerMs: result.longestMs,
      longestUntilAcceptedMs: result.longestOutageMs,
      recoveryMs,
    });
  }
  return { ...result, app };
}

/** What was accepted, once everything that was begun is; rejects when that takes more than a minute. */
function accepted(load: Load, system: System): Promise<LoadResult> {
  const late = sleep(ACCEPTED_WITHIN_MS, undefined, { ref: false }).then(() => {
    throw new Error(`requests are still refused a minute after the fault:\n${system.output()}`);
  });
  return Promise.race([load.finish(), late]);
}

interface Expected {
  readonly app: App;
  readonly accepted: LoadResult["accepted"];
  readonly sinceMs: number;
}

/** Milliseconds since the fault until the state was right. */
async function untilRight(system: System, { app, accepted, sinceMs }: Expected): Promise<number> {
  const transport = operatorTransport(system);
  let found: string[] = [];
  for (let look = 0; look < LOOKS; look++) {
    found = await differences(transport, app, accepted).catch((error: unknown) => [`cannot be read: ${error}`]);
    if (found.length === 0) return Math.round(performance.now() - sinceMs);
    await sleep(LOOK_EVERY_MS);
  }
  throw new Error(`the state is not what was accepted:\n${found.slice(0, 20).join("\n")}\n\n${system.output()}`);
}
