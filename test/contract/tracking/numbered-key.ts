import type { AppKey } from "../../../services/runtime/app-key.ts";
import { type PushKey, parseTrackingToken, pushKey } from "../../../services/tracking/push-key.ts";

/** The key of an app's n-th push; keys are in the order of their numbers. */
export function numberedKey(app: AppKey, n: number): PushKey {
  return pushKey(app, parseTrackingToken(`00000000-0000-0000-0000-${String(n).padStart(12, "0")}`)!);
}
