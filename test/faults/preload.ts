import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Launch } from "./process.ts";

/** Whether there is a compiler for preload.c and a dynamic linker that preloads. */
export const preloadFound = process.platform === "linux" && spawnSync("cc", ["--version"]).status === 0;

/** Faults of one process's machine, switched while it runs. */
export interface Preload {
  /** What the process is started with. */
  readonly launch: Launch;
  /** Whether its `fsync` and `fdatasync` fail with EIO, and how many seconds its time of day is ahead. */
  set(faults: { readonly syncFails?: boolean; readonly clockShiftS?: number }): void;
  close(): void;
}

export function buildPreload(): Preload {
  const folder = mkdtempSync(join(tmpdir(), "carillon-preload-"));
  const library = join(folder, "preload.so");
  const control = join(folder, "control");
  const source = fileURLToPath(new URL("preload.c", import.meta.url));
  const { status, stderr } = spawnSync("cc", ["-O2", "-Wall", "-shared", "-fPIC", "-o", library, source], {
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`preload.c: ${stderr}`);
  const set: Preload["set"] = ({ syncFails = false, clockShiftS = 0 }) => {
    const words = Buffer.alloc(16);
    words.writeBigInt64LE(syncFails ? 1n : 0n, 0);
    words.writeBigInt64LE(BigInt(clockShiftS), 8);
    writeFileSync(control, words, { flag: "r+" });
  };
  writeFileSync(control, Buffer.alloc(16));
  return {
    launch: { environment: { LD_PRELOAD: library, PRELOAD_CONTROL: control } },
    set,
    close: () => rmSync(folder, { recursive: true }),
  };
}
