/**
 * Sends one event to a gateway as an app does, reads it back as an operator does, and exits with 0 if both are the same
 * event. `CARILLON_URL` says where the gateway is, `CARILLON_OPERATOR_TOKEN` lets it read. It keeps to an app of its
 * own, with a key of its own that it revokes at the end.
 */
import { createGatewayCalls, smoke } from "./smoke.ts";

const url = process.env.CARILLON_URL ?? "http://127.0.0.1:8080";
const operatorToken = process.env.CARILLON_OPERATOR_TOKEN;
try {
  if (!operatorToken) throw new Error("CARILLON_OPERATOR_TOKEN is not set and should be the operator's token");
  const { fingerprint, appUserId } = await smoke(createGatewayCalls({ url, operatorToken }));
  process.stdout.write(`event ${fingerprint} of ${appUserId} was stored and read back\n`);
} catch (error) {
  process.stderr.write(`smoke: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
