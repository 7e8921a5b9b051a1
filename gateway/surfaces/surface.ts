import type { IncomingHttpHeaders } from "node:http";
import type { RateLimitDecision } from "../rate-limit/rate-limiter.ts";
import type { Answer } from "./answer.ts";
import type { Fault } from "./fault.ts";

/** What is known of a request before its body is read. */
export interface RequestHead {
  /** Path without the query. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly requestId: string;
  /** Receipt, milliseconds. */
  readonly receivedMs: number;
  /** When the sender must have an answer, milliseconds. */
  readonly deadlineMs: number;
  /** What the limit by address said; absent where it does not apply or is off. */
  readonly rateLimit?: RateLimitDecision;
}

/** A request with its body as it came: at most 64 KB, still compressed where it was. */
export interface SurfaceRequest extends RequestHead {
  readonly body: Uint8Array;
}

/** One POST endpoint of a surface. */
export interface Endpoint {
  readonly path: string;
  /**
   * `client`: called from apps and browsers: CORS for any origin, rate limit by address before the body is read.
   * `server`: called from backends: neither; the handler limits by key.
   */
  readonly audience: "client" | "server";
  /** Endpoints with the same name share the limit by address; the path where absent. */
  readonly rateLimitName?: string;
  /** Age in milliseconds of the oldest work waiting where this endpoint's work goes, to shed by. */
  readonly queueAgeMs: () => number;
  /**
   * Answers one request; rejects with a `RequestFault`, or with anything else for a defect.
   * Every answer, whatever its status, comes from the surface's own error values.
   */
  readonly handle: (request: SurfaceRequest) => Promise<Answer>;
}

/** One published API: a folder under `surfaces/`, registered in `server.ts`. */
export interface Surface {
  /** For logs and metrics. */
  readonly name: string;
  /** Unknown paths that begin with one of these are answered in this surface's shape; the longest decides. */
  readonly pathPrefixes: readonly string[];
  readonly endpoints: readonly Endpoint[];
  /** Words a fault in the surface's own shape. */
  readonly answerFault: (fault: Fault, head: RequestHead) => Answer;
}
