import { setTimeout as sleep } from "node:timers/promises";
import { createClient } from "@connectrpc/connect";
import { expect } from "vitest";
import {
  VerificationService,
  type VerificationSummary,
} from "../../proto/gen/carillon/ingestion/v1/verification_service_pb.js";
import type { App, System } from "./scenario.ts";
import { operatorTransport } from "./state.ts";

/** `carillon verify`, with `--repair` or without. */
export async function verify(system: System, { tenantId, appId }: App, repair: boolean): Promise<VerificationSummary> {
  const client = createClient(VerificationService, operatorTransport(system));
  for await (const { message } of client.verifyApp({ tenantId, appId, repair }, { timeoutMs: 60_000 }))
    if (message.case === "summary") return message.value;
  throw new Error(`the verification ended without a summary:\n${system.output()}`);
}

/** Resolves when a verification finds nothing, neither outstanding nor wrong; rejects with the first that is wrong. */
export async function untilVerified(system: System, app: App): Promise<void> {
  for (;;) {
    const { differences: found, pending } = await verify(system, app, false);
    expect(found).toBe(0);
    if (pending === 0) return;
    await sleep(1_000);
  }
}
