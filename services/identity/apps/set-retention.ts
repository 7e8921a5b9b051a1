import type { SetRetentionRequest } from "../../../proto/gen/carillon/identity/v1/app_service_pb.js";
import { invalidArgument } from "../../runtime/request-arguments.ts";
import type { IdentityContext } from "../context.ts";
import { appMessage } from "./app-messages.ts";
import { changeApp } from "./change-app.ts";

/** Beyond the 30 days after which an event is late: what has been removed and is sent again has no effect (decision 17). */
const MIN_DAYS = 31;
/** A century. */
const MAX_DAYS = 36_500;

/** Sets after how many days events and pushes are removed; 0 keeps them. */
export async function setRetention(context: IdentityContext, request: SetRetentionRequest) {
  const { retentionDays } = request;
  if (retentionDays !== 0 && (retentionDays < MIN_DAYS || retentionDays > MAX_DAYS)) {
    throw invalidArgument(
      `retentionDays is ${retentionDays}; it must be ${MIN_DAYS} to ${MAX_DAYS}, or 0 to keep everything`,
    );
  }
  return { app: appMessage(await changeApp(context, request, (app) => ({ ...app, retentionDays }))) };
}
