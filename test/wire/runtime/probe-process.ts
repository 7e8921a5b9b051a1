/** A process that says what happens to it; its environment says how it misbehaves. */
import { withDefault } from "../../../services/runtime/config.ts";
import { port } from "../../../services/runtime/config-fields.ts";
import { runProcess } from "../../../services/runtime/process.ts";

const misbehaviour = process.env.CARILLON_TEST_MISBEHAVIOUR;

async function failUnnoticed(): Promise<never> {
  throw new Error("nobody caught this");
}

await runProcess({
  name: "probe",
  environment: process.env,
  settings: { grpcPort: withDefault("CARILLON_GRPC_PORT", port, 0) },
  async start({ config, log, lifecycle }) {
    const alive = setInterval(() => undefined, 60_000);
    lifecycle.onStop("first", () => {
      clearInterval(alive);
      log.info("first stopped");
    });
    if (misbehaviour === "start") throw new Error("cannot start:\n  something is not there");
    lifecycle.onStop("second", () => {
      log.info("second stopped");
      if (misbehaviour === "stop") throw new Error("stuck");
    });
    log.info({ port: config.grpcPort }, "ready");
    if (misbehaviour === "rejection") setImmediate(failUnnoticed);
  },
});
