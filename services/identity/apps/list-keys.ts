import type { ListKeysRequest } from "../../../proto/gen/carillon/identity/v1/app_service_pb.js";
import { appKey } from "../../runtime/app-key.ts";
import type { IdentityContext } from "../context.ts";
import type { AppKeyRecord } from "./app.ts";
import { keyMessage } from "./app-messages.ts";
import { findApp } from "./find-app.ts";

const KEYS_PER_PAGE = 1_000;

/** All keys of an app, oldest first. */
export async function listKeys({ store }: IdentityContext, request: ListKeysRequest) {
  await findApp(store, request);
  const where = { field: "app", equals: appKey(request) };
  const keys: AppKeyRecord[] = [];
  let afterKey: string | undefined;
  do {
    const page = await store.keys.page({
      keyPrefix: "",
      ...(afterKey === undefined ? {} : { afterKey }),
      where,
      limit: KEYS_PER_PAGE,
    });
    keys.push(...page.map(({ value }) => value));
    afterKey = page.length < KEYS_PER_PAGE ? undefined : page.at(-1)?.key;
  } while (afterKey !== undefined);
  return { keys: keys.toSorted(oldestFirst).map(keyMessage) };
}

function oldestFirst(a: AppKeyRecord, b: AppKeyRecord): number {
  return a.createdAtMs - b.createdAtMs || (a.keyId < b.keyId ? -1 : 1);
}
