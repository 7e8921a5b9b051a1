import type { HandlerContext } from "@connectrpc/connect";
import type { GetProfileRequest } from "../../../proto/gen/carillon/identity/v1/profile_service_pb.js";
import { invalidArgument, notFound, received, requireApp } from "../../runtime/request-arguments.ts";
import type { IdentityContext } from "../context.ts";
import { isAnonymousId, profileMessage } from "./profile-messages.ts";
import { findProfile, resolveAnonymous } from "./resolve-anonymous.ts";

/** One user as operators read them, whoever is behind an `anon:` id by now. */
export async function getProfile(
  context: IdentityContext,
  request: GetProfileRequest,
  { signal }: Pick<HandlerContext, "signal">,
) {
  requireApp(request);
  if (request.appUserId === "") throw invalidArgument("appUserId is required");
  const resolve = isAnonymousId(request.appUserId) ? resolveAnonymous : findProfile;
  const found = await resolve(context, request, signal);
  if (found === undefined) throw notFound(`no profile of ${received(request.appUserId)}`);
  return { profile: profileMessage(found.appUserId, found.profile) };
}
