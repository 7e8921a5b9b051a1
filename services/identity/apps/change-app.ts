import { Code, ConnectError } from "@connectrpc/connect";
import { appKey } from "../../runtime/app-key.ts";
import { conflict } from "../../storage/versioned-documents.ts";
import type { IdentityContext } from "../context.ts";
import type { App } from "./app.ts";
import { findApp } from "./find-app.ts";

/** Writers that change the same app at once are rare; this many attempts are ample. */
const ATTEMPTS = 5;

/**
 * Changes an app as it is stored now; of several calls at once, each sees what the others made of it.
 *
 * @param change may be called more than once, and throws where the change is not possible
 * @throws ConnectError NOT_FOUND if there is no such app, ABORTED if others keep changing it
 */
export async function changeApp(
  { store }: Pick<IdentityContext, "store">,
  named: { readonly tenantId: string; readonly appId: string },
  change: (app: App) => App,
): Promise<App> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const { value, version: expectedVersion } = await findApp(store, named);
    const app = change(value);
    const [version] = await store.apps.save([{ key: appKey(app), expectedVersion, value: app }]);
    if (version !== conflict) return app;
  }
  throw new ConnectError("the app is being changed by others; try again", Code.Aborted);
}
