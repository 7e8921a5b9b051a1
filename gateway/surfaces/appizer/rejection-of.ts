import type { Rejection } from "../../tail/rejections.ts";
import type { Refusal } from "./errors.ts";

export interface RejectedBody {
  /** One event as it was sent, as far as it could be read. */
  readonly body: Readonly<Record<string, unknown>>;
  readonly receipt: Pick<Rejection, "surface" | "tenantId" | "appId" | "receivedMs">;
}

/** What those who tail events are told of a refused one. */
export function rejectionOf({ code, message, details }: Refusal, { body, receipt }: RejectedBody): Rejection {
  const errors = [{ field: String(details?.field ?? ""), code, message }];
  return { ...receipt, eventName: body.event_name, appUserId: body.user_id, errors };
}
