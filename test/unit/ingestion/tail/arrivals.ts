import type { Arrival } from "../../../../services/ingestion/tail/arrival.ts";
import { type AppKey, appKey } from "../../../../services/runtime/app-key.ts";

export const APP: AppKey = appKey({ tenantId: "t1", appId: "app1" });

/** An accepted event of an app, known by its name. */
export function arrival(eventName: string, fields: Partial<Arrival> = {}): Arrival {
  const message = () => ({ verdict: "accepted", event: { eventName } });
  return { app: APP, verdict: "accepted", eventName, appUserId: "u1", deviceToken: "d1", size: 1, message, ...fields };
}
