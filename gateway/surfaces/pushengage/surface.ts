import type { Surface } from "../surface.ts";
import type { SurfaceContext } from "../surface-context.ts";
import { answerFault } from "./errors.ts";
import { eventsEndpoint } from "./events.ts";

/** The PushEngage API, server to server. */
export function pushEngage(context: SurfaceContext): Surface {
  return { name: "pushengage", pathPrefixes: ["/api/v1/"], endpoints: [eventsEndpoint(context)], answerFault };
}
