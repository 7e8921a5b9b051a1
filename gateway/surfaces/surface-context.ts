import type { Client } from "@connectrpc/connect";
import type {
  EventVerdict,
  IncomingEvent,
  IngestionService,
} from "../../proto/gen/carillon/ingestion/v1/ingestion_service_pb.js";
import type { PushReport } from "../../proto/gen/carillon/tracking/v1/tracking_service_pb.js";
import type { Clock } from "../../services/runtime/clock.ts";
import type { Batcher } from "../batching/batcher.ts";
import type { AppStore } from "../credentials/app-store.ts";
import type { CredentialStore } from "../credentials/credential-store.ts";
import type { JudgeUserSignature } from "../credentials/user-signature.ts";
import type { RateLimiter, RateLimitRule } from "../rate-limit/rate-limiter.ts";
import type { Rejections } from "../tail/rejections.ts";

/** What surfaces are built from. */
export interface SurfaceContext {
  readonly clock: Clock;
  readonly credentials: CredentialStore;
  /** Apps by id, for browsers, which have no key. */
  readonly apps: AppStore;
  /** For users that a client names; backends are trusted to know theirs. */
  readonly judgeUserSignature: JudgeUserSignature;
  readonly events: Batcher<IncomingEvent, EventVerdict>;
  /** Where rejected events are told of, for who tails them. */
  readonly rejections: Rejections;
  readonly pushReports: Batcher<PushReport, "durable">;
  readonly ingestion: Client<typeof IngestionService>;
  readonly rateLimiter: RateLimiter;
  /** Limit by key on server-to-server endpoints; the hash of the key is the key to count by. */
  readonly serverRule: RateLimitRule;
  /** Limit by address on client-facing endpoints, which are counted before their handlers are called. */
  readonly clientRule: Omit<RateLimitRule, "name">;
}
