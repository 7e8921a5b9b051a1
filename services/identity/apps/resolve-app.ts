import type { ResolveAppRequest } from "../../../proto/gen/carillon/identity/v1/identity_service_pb.js";
import { invalidArgument, notFound, received } from "../../runtime/request-arguments.ts";
import type { IdentityContext } from "../context.ts";
import { appMessage } from "./app-messages.ts";
import { userSignaturePolicy } from "./user-signature-policy.ts";

/** The app of an id, whichever tenant it belongs to. */
export async function resolveApp({ store }: IdentityContext, { appId }: ResolveAppRequest) {
  if (appId === "") throw invalidArgument("appId is required");
  const [found] = await store.apps.page({ keyPrefix: "", where: { field: "appId", equals: appId }, limit: 1 });
  if (found === undefined) throw notFound(`there is no app ${received(appId)}`);
  const userSignatures = userSignaturePolicy(found.value);
  return { app: appMessage(found.value), ...(userSignatures === undefined ? {} : { userSignatures }) };
}
