import { appKey } from "../../runtime/app-key.ts";
import type { Clock } from "../../runtime/clock.ts";
import { conflict } from "../../storage/versioned-documents.ts";
import type { IdentityStore } from "../store.ts";
import { type App, type AppKeyRecord, generateAppId, generateKeyId } from "./app.ts";
import { generateKey, hashKey, type KeyKind, keyPrefix } from "./credentials.ts";

/** An app's id and its first keys, in clear: to be shown or written down once. */
export interface AppCredentials {
  readonly tenantId: string;
  readonly appId: string;
  readonly apiKey: string;
  readonly serverKey: string;
}

/** What an app is to be. */
export interface AppRegistration extends AppCredentials {
  readonly name: string;
  readonly allowedOrigins: readonly string[];
}

/** Credentials that no app has yet. */
export function generateAppCredentials(tenantId: string): AppCredentials {
  return { tenantId, appId: generateAppId(), apiKey: generateKey("api"), serverKey: generateKey("server") };
}

/**
 * Creates an app with its first keys. Repeating it with the same credentials changes nothing, not even what operators
 * changed since: name, origins and revoked keys stay as they are.
 *
 * The keys come first: until their app exists they open nothing, so that a crash in between leaves nothing visible.
 *
 * @returns the app as it is stored
 */
export async function registerApp(
  { store, clock }: { readonly store: IdentityStore; readonly clock: Clock },
  { apiKey, serverKey, tenantId, appId, name, allowedOrigins }: AppRegistration,
): Promise<App> {
  const app: App = { tenantId, appId, name, allowedOrigins, createdAtMs: clock.now() };
  const key = appKey(app);
  await store.keys.save([newKey(app, "api", apiKey), newKey(app, "server", serverKey)]);
  const [version] = await store.apps.save([{ key, expectedVersion: 0, value: app }]);
  if (version !== conflict) return app;
  const stored = (await store.apps.load([key])).get(key);
  if (stored === undefined) throw new Error(`app ${key} was there and is gone`);
  return stored.value;
}

/** The write that adds a key to an app; a conflict means that the very same key is there already. */
export function newKey(app: Pick<App, "tenantId" | "appId" | "createdAtMs">, kind: KeyKind, key: string) {
  const value: AppKeyRecord = {
    keyId: generateKeyId(),
    app: appKey(app),
    kind,
    prefix: keyPrefix(key),
    createdAtMs: app.createdAtMs,
  };
  return { key: hashKey(key), expectedVersion: 0, value };
}
