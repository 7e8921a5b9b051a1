import type { Clock } from "../../runtime/clock.ts";
import type { IdentityStore } from "../store.ts";
import type { App } from "./app.ts";
import { type AppCredentials, registerApp } from "./register-app.ts";

/** Tenant of the app that `npm start` creates on an empty store. */
export const DEMO_TENANT = "demo";

/** Whether no app has been created yet. */
export async function hasNoApps(store: IdentityStore): Promise<boolean> {
  return (await store.apps.page({ keyPrefix: "", limit: 1 })).length === 0;
}

/**
 * Creates the demo app with credentials that the caller has written to a file before: a crash in between leaves a file
 * whose app comes with the next call, never an app whose keys nobody knows.
 *
 * @param credentials `generateAppCredentials(DEMO_TENANT)`, or what an earlier call's file holds
 */
export function seedDemoApp(
  dependencies: { readonly store: IdentityStore; readonly clock: Clock },
  credentials: AppCredentials,
): Promise<App> {
  const allowedOrigins = ["http://localhost:*", "http://127.0.0.1:*"];
  return registerApp(dependencies, { ...credentials, name: "Demo", allowedOrigins });
}
