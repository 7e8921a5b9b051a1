import { defineConfig } from "vitest/config";

/** File that results are also written to, as JSON, for a script that counts them. */
const report = process.env.VITEST_JSON_REPORT;

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    // The files of a worker share its modules: loading them for each file took half of the processor's time. Tests
    // leave nothing behind in them, and browser tests share one browser.
    isolate: false,
    // Of tests that say that they may run side by side; browsers wait more than they work.
    maxConcurrency: 8,
    // Store suites on the slowest MongoDB-compatible server and real processes on a busy machine need this long; no
    // test measures time by it. Milliseconds.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // As many as there are processors, the one for the main process included: most tests wait more than they compute.
    maxWorkers: 2,
    reporters: report === undefined ? ["default"] : ["default", ["json", { outputFile: report }]],
  },
});
