import type { Fault } from "../fault.ts";
import type { RequestHead, Surface } from "../surface.ts";
import type { SurfaceContext } from "../surface-context.ts";
import { devicesRefreshTokenEndpoint } from "./devices-refresh-token.ts";
import { eventsEndpoint } from "./events.ts";
import { pushesOpenedEndpoint } from "./pushes-opened.ts";
import { answerFault } from "./rejection-answer.ts";
import { unreadableAnswer, VALIDATE_PATH, validateEndpoint } from "./validate.ts";

/** The SmartAppPush API. Its paths have no prefix, so paths that nobody has are answered in its shape. */
export function smartAppPush(context: SurfaceContext): Surface {
  return {
    name: "smartapppush",
    pathPrefixes: ["/"],
    endpoints: [
      eventsEndpoint(context),
      validateEndpoint(context),
      pushesOpenedEndpoint(context),
      devicesRefreshTokenEndpoint(context),
    ],
    answerFault(fault: Fault, { path, headers }: RequestHead) {
      // Without a host the request as such is wrong (RFC 9112 section 3.2), not the body in question.
      const isVerdict = path === VALIDATE_PATH && headers.host !== undefined;
      return isVerdict && fault.kind === "unreadable" ? unreadableAnswer(fault.fault) : answerFault(fault);
    },
  };
}
