import type { SetAllowedOriginsRequest } from "../../../proto/gen/carillon/identity/v1/app_service_pb.js";
import type { IdentityContext } from "../context.ts";
import { appMessage, parseAllowedOrigins } from "./app-messages.ts";
import { changeApp } from "./change-app.ts";

/** Replaces an app's allowed origins; of several calls at once, the last one counts. */
export async function setAllowedOrigins(context: IdentityContext, request: SetAllowedOriginsRequest) {
  const allowedOrigins = parseAllowedOrigins(request.allowedOrigins);
  return { app: appMessage(await changeApp(context, request, (app) => ({ ...app, allowedOrigins }))) };
}
