import type { Surface } from "../surface.ts";
import type { SurfaceContext } from "../surface-context.ts";
import { answerFault } from "./answers.ts";
import { answerFormat } from "./format.ts";
import { postEventsEndpoint } from "./post-events.ts";

/** The Altcraft API for reports about its pushes, server to server, in JSON and XML. */
export function altcraft(context: SurfaceContext): Surface {
  return {
    name: "altcraft",
    pathPrefixes: ["/api/v1.1/"],
    endpoints: [postEventsEndpoint(context)],
    answerFault: (fault, head) => answerFault(fault, answerFormat(head)),
  };
}
