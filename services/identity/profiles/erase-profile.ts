import type { HandlerContext } from "@connectrpc/connect";
import type { EraseProfileRequest } from "../../../proto/gen/carillon/identity/v1/profile_service_pb.js";
import { invalidArgument, requireApp } from "../../runtime/request-arguments.ts";
import type { IdentityContext } from "../context.ts";
import { isAnonymousId } from "./profile-messages.ts";
import { resolveAnonymous, rootedId } from "./resolve-anonymous.ts";

/**
 * Erases a user, whoever is behind an `anon:` id by now. A user without a profile may still have late events, so that
 * nobody is unknown here.
 */
export async function eraseProfile(
  context: IdentityContext,
  request: EraseProfileRequest,
  call: Pick<HandlerContext, "signal" | "timeoutMs">,
) {
  requireApp(request);
  if (request.appUserId === "") throw invalidArgument("appUserId is required");
  const timeoutMs = call.timeoutMs();
  const options = { signal: call.signal, ...(timeoutMs !== undefined && { timeoutMs }) };
  const { tenantId, appId } = request;
  const user = await erased(context, request, call.signal);
  const { eventCount, pushCount, mergeCount, deviceCount } = await context.ingestion.eraseProfile(
    { tenantId, appId, ...user },
    options,
  );
  return { eventCount, pushCount, mergeCount, deviceCount };
}

/** Whom to erase: once an anonymous profile is gone its id leads to others, whom a repeated call does not mean. */
async function erased(context: IdentityContext, request: EraseProfileRequest, signal: AbortSignal) {
  const { appUserId } = request;
  if (!isAnonymousId(appUserId)) return { appUserId };
  const anonymous = await rootedId(context, request, signal);
  const found = await resolveAnonymous(context, request, signal);
  return { appUserId: found?.appUserId ?? anonymous, resolvedFrom: anonymous };
}
