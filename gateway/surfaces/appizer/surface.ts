import type { Surface } from "../surface.ts";
import type { SurfaceContext } from "../surface-context.ts";
import { answerFault } from "./errors.ts";
import { eventsEndpoint } from "./events.ts";
import { createAppizerLimits } from "./rate-limit-headers.ts";
import { webEventsEndpoint } from "./web-events.ts";

/** The Appizer API: events from backends by key, from browsers by origin. */
export function appizer(context: SurfaceContext): Surface {
  const limits = createAppizerLimits(context);
  return {
    name: "appizer",
    pathPrefixes: ["/v1/"],
    endpoints: [eventsEndpoint(context, limits), webEventsEndpoint(context, limits)],
    answerFault: (fault, head) => limits.told(head, answerFault(fault)),
  };
}
