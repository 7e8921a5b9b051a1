import type { CreateAppRequest } from "../../../proto/gen/carillon/identity/v1/app_service_pb.js";
import { invalidArgument, received } from "../../runtime/request-arguments.ts";
import type { IdentityContext } from "../context.ts";
import { isAppName, isTenantId } from "./app.ts";
import { appMessage, parseAllowedOrigins } from "./app-messages.ts";
import { generateAppCredentials, registerApp } from "./register-app.ts";

/** Creates an app; its keys are in this answer and nowhere else. */
export async function createApp(context: IdentityContext, { tenantId, name, allowedOrigins }: CreateAppRequest) {
  if (!isTenantId(tenantId))
    throw invalidArgument(`tenantId is ${received(tenantId)}; it must be 1 to 64 letters, digits, "_" or "-"`);
  if (!isAppName(name)) throw invalidArgument(`name is ${received(name)}; it must be 1 to 256 characters`);
  const origins = parseAllowedOrigins(allowedOrigins);
  const credentials = generateAppCredentials(tenantId);
  const app = await registerApp(context, { ...credentials, name, allowedOrigins: origins });
  return { app: appMessage(app), apiKey: credentials.apiKey, serverKey: credentials.serverKey };
}
