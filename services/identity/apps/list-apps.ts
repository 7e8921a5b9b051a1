import type { ListAppsRequest } from "../../../proto/gen/carillon/identity/v1/app_service_pb.js";
import { pageTokenAfter, parsePageSize, parsePageToken } from "../../runtime/paging.ts";
import type { IdentityContext } from "../context.ts";
import { appMessage } from "./app-messages.ts";

/** Apps of one tenant, or of all, by tenant and app id. */
export async function listApps({ store }: IdentityContext, request: ListAppsRequest) {
  const pageSize = parsePageSize(request.pageSize);
  const filters = ["apps", request.tenantId];
  const afterKey = parsePageToken(request.pageToken, filters);
  const keyPrefix = request.tenantId === "" ? "" : `${request.tenantId}/`;
  const found = await store.apps.page({
    keyPrefix,
    ...(afterKey === undefined ? {} : { afterKey }),
    limit: pageSize + 1,
  });
  const page = found.slice(0, pageSize);
  return {
    apps: page.map(({ value }) => appMessage(value)),
    nextPageToken: found.length > pageSize ? pageTokenAfter(page.at(-1)!.key, filters) : "",
  };
}
