import type { SQLInputValue } from "node:sqlite";
import { setImmediate as nextTurn } from "node:timers/promises";
import { createClient } from "@connectrpc/connect";
import {
  VerificationFinding_Status as Status,
  type VerificationFinding,
  VerificationService,
  type VerificationSummary,
} from "../../../proto/gen/carillon/ingestion/v1/verification_service_pb.js";
import type { Clock } from "../../../services/runtime/clock.ts";
import type { SqliteDatabase } from "../../../services/storage/sqlite-database.ts";
import { type ServiceName, type System, startSystem } from "../system.ts";
import { rawPrograms } from "./raw-programs.ts";

/** Pauses up to this long pass by themselves, milliseconds; who waits longer waits for something else. */
const PAUSE_MS = 250;

/** A clock that goes on only where somebody pauses, or where it is advanced. */
export interface PausingClock extends Clock {
  advance(ms: number): void;
  /** How long a pause of {@link PAUSE_MS} really is: by default a turn of the event loop. */
  pause: () => Promise<void>;
}

/** @param startMs milliseconds since 1970 */
export function pausingClock(startMs: number): PausingClock {
  let nowMs = startMs;
  const clock: PausingClock = {
    now: () => nowMs,
    pause: () => nextTurn(),
    advance(ms) {
      nowMs += ms;
    },
    async sleep(ms, signal) {
      signal?.throwIfAborted();
      if (ms > PAUSE_MS) {
        await new Promise((_, reject) =>
          signal?.addEventListener("abort", () => reject(signal.reason), { once: true }),
        );
      }
      const overMs = nowMs + Math.ceil(ms);
      if (ms >= PAUSE_MS) await clock.pause();
      // A turn of the event loop for each millisecond, so that what is waited for may come first.
      else
        for (let turn = 0; turn < ms; turn++) {
          await nextTurn();
          signal?.throwIfAborted();
        }
      // Pauses at the same time pass at the same time.
      nowMs = Math.max(nowMs, overMs);
    },
  };
  return clock;
}

/** What a verification told. */
export interface Verified {
  readonly summary: VerificationSummary;
  /** `kind field` of each, sorted. */
  readonly differences: string[];
  readonly pending: string[];
  readonly findings: readonly VerificationFinding[];
}

/** A system whose stores can be changed behind its back. */
export interface VerifiedSystem {
  readonly system: System;
  verify(app: { readonly tenantId: string; readonly appId: string }, repair?: boolean): Promise<Verified>;
  /** Runs a statement in a service's database; answers how many rows it changed. */
  corrupt(service: ServiceName, sql: string, ...values: SQLInputValue[]): Promise<number>;
  stop(): Promise<void>;
}

export async function startVerifiedSystem(clock: Clock): Promise<VerifiedSystem> {
  const databases = new Map<ServiceName, SqliteDatabase>();
  const system = await startSystem({
    clock,
    databaseOf(service, database) {
      databases.set(service, database);
      return database;
    },
  });
  return {
    system,
    verify: verifierOf(system),
    async corrupt(service, sql, ...values) {
      const raw = await databases.get(service)!.load(rawPrograms);
      return raw.run({ sql, values });
    },
    stop: () => system.stop(),
  };
}

/** Verifies apps of a system. */
export function verifierOf(system: System): VerifiedSystem["verify"] {
  const client = createClient(VerificationService, system.transport);
  return async (app, repair = false) => {
    const findings: VerificationFinding[] = [];
    let summary: VerificationSummary | undefined;
    for await (const { message } of client.verifyApp({ ...app, repair })) {
      if (message.case === "finding") findings.push(message.value);
      if (message.case === "summary") summary = message.value;
    }
    if (summary === undefined) throw new Error("a verification ended without a summary");
    const told = (status: Status) =>
      findings
        .filter((finding) => finding.status === status && finding.pass === 1)
        .map(({ kind, field }) => `${kind} ${field}`)
        .sort();
    return { summary, findings, differences: told(Status.DIFFERENCE), pending: told(Status.PENDING) };
  };
}
