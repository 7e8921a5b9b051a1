import { defineConfig } from "vitest/config";

/** The fault suite (`npm run test:faults`): real processes, one scenario after the other. */
export default defineConfig({
  test: {
    include: ["test/faults/**/*.faults.ts"],
    fileParallelism: false,
    // A scenario runs for seconds, and waits up to a minute for what follows by itself. Milliseconds.
    testTimeout: 240_000,
    // Ten processes start in one.
    hookTimeout: 180_000,
  },
});
