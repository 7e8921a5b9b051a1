import { Code, ConnectError } from "@connectrpc/connect";
import type { SetAllowedOriginsRequest } from "../../proto/gen/carillon/identity/v1/app_service_pb.js";
import { appKey } from "../runtime/app-key.ts";
import { conflict } from "../storage/versioned-documents.ts";
import { appMessage, parseAllowedOrigins } from "./app-messages.ts";
import type { IdentityContext } from "./context.ts";
import { findApp } from "./find-app.ts";

/** Writers that change the same app at once are rare; this many attempts are ample. */
const ATTEMPTS = 5;

/** Replaces an app's allowed origins; of several calls at once, the last one counts. */
export async function setAllowedOrigins({ store }: IdentityContext, request: SetAllowedOriginsRequest) {
  const allowedOrigins = parseAllowedOrigins(request.allowedOrigins);
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const stored = await findApp(store, request);
    const app = { ...stored.value, allowedOrigins };
    const [version] = await store.apps.save([{ key: appKey(app), expectedVersion: stored.version, value: app }]);
    if (version !== conflict) return { app: appMessage(app) };
  }
  throw new ConnectError("the app is being changed by others; try again", Code.Aborted);
}
