import { appKey } from "../../runtime/app-key.ts";
import { notFound, received, requireApp } from "../../runtime/request-arguments.ts";
import type { Versioned } from "../../storage/versioned-documents.ts";
import type { IdentityStore } from "../store.ts";
import type { App } from "./app.ts";

/**
 * The app that a request names, as it is stored now.
 *
 * @throws ConnectError NOT_FOUND if there is none
 */
export async function findApp(
  store: IdentityStore,
  named: { readonly tenantId: string; readonly appId: string },
): Promise<Versioned<App>> {
  requireApp(named);
  const key = appKey(named);
  const app = (await store.apps.load([key])).get(key);
  if (app === undefined) throw notFound(`tenant ${received(named.tenantId)} has no app ${received(named.appId)}`);
  return app;
}
