import { Code, ConnectError } from "@connectrpc/connect";
import type { App } from "../../proto/gen/carillon/identity/v1/app_pb.js";
import type { Gateway } from "../gateway.ts";
import { allPages, MAX_PAGE_SIZE } from "./paging.ts";

/** All apps of a tenant, or of all with the empty text. */
export async function listAllApps(gateway: Gateway, tenantId: string): Promise<App[]> {
  const pages = await allPages((pageToken) => gateway.apps.listApps({ tenantId, pageSize: MAX_PAGE_SIZE, pageToken }));
  return pages.flatMap(({ apps }) => apps);
}

/**
 * The app that a command is about.
 *
 * @throws ConnectError NOT_FOUND if there is none
 */
export async function findApp(gateway: Gateway, named: { tenantId: string; appId: string }): Promise<App> {
  const found = (await listAllApps(gateway, named.tenantId)).find(({ appId }) => appId === named.appId);
  if (found !== undefined) return found;
  throw new ConnectError(`tenant "${named.tenantId}" has no app "${named.appId}"`, Code.NotFound);
}
