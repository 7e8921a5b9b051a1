import { randomBytes } from "node:crypto";
import type { Clock } from "../../runtime/clock.ts";
import type { DemoCredentials, DemoCredentialsFile } from "../../runtime/demo-credentials-file.ts";
import type { IdentityStore } from "../store.ts";
import { DEMO_TENANT, hasNoApps, seedDemoApp } from "./demo-app.ts";
import { generateAppCredentials } from "./register-app.ts";

export interface DemoOptions {
  readonly store: IdentityStore;
  readonly clock: Clock;
  readonly file: DemoCredentialsFile;
  /** The operator token that was set; generated where none was. */
  readonly operatorToken: string | undefined;
}

/**
 * Credentials for a trial: those of an earlier start, or new ones for the demo app of an empty store.
 *
 * The file is complete before the app exists, so a crash in between leaves no app whose keys nobody knows.
 */
export async function openDemoCredentials({
  store,
  clock,
  file,
  operatorToken,
}: DemoOptions): Promise<DemoCredentials> {
  const stored = await file.read();
  const credentials: DemoCredentials = {
    operatorToken: operatorToken ?? stored?.operatorToken ?? `cot_${randomBytes(30).toString("base64url")}`,
    app: stored === undefined && (await hasNoApps(store)) ? generateAppCredentials(DEMO_TENANT) : stored?.app,
  };
  if (stored?.operatorToken !== credentials.operatorToken) await file.write(credentials);
  if (credentials.app !== undefined) await seedDemoApp({ store, clock }, credentials.app);
  return credentials;
}
