import { create } from "@bufbuild/protobuf";
import {
  type EraseProfileRequest,
  type EraseProfileResponse,
  EraseProfileResponseSchema,
} from "../../../proto/gen/carillon/ingestion/v1/ingestion_service_pb.js";
import { type AppKey, appKey } from "../../runtime/app-key.ts";
import type { IngestionContext } from "../context.ts";
import { eraseUser } from "./erase-user.ts";
import { type Erasure, erasureKey, erasureKeyPrefix, idHash, nothingRemoved } from "./erasure.ts";
import { changeErasure } from "./erasure-record.ts";

/** An erasure that nobody has finished for this long is taken up by the sweeper, again and again: 10 s. */
const TAKE_UP_AFTER_MS = 10_000;
/** Erasures taken up at once. */
const BATCH = 100;

/**
 * `IngestionService.EraseProfile`: durable before anything is removed. Repeated before it is finished, it goes on with
 * what is left, and counts what was removed since it was first asked for.
 *
 * @throws whatever a store or a service answers; the sweeper then goes on
 */
export function eraseProfile(context: IngestionContext) {
  return async (request: EraseProfileRequest): Promise<EraseProfileResponse> => {
    const user = { app: appKey(request), appUserId: request.appUserId };
    const erasure =
      (await meantBefore(context, user.app, request.resolvedFrom)) ??
      (await begin(context, { ...user, resolvedFrom: request.resolvedFrom }));
    const counts = erasure.removedOnce ? erasure.counts : await eraseUser(context, erasure);
    return create(EraseProfileResponseSchema, counts ?? nothingRemoved);
  };
}

/** Goes on with erasures that were left, or that are due for the look at what was on its way; true if there may be more. */
export async function sweepErasures(context: IngestionContext): Promise<boolean> {
  const now = context.clock.now();
  const due = await context.erasures.page({ keyPrefix: "", where: { field: "dueMs", below: now }, limit: BATCH });
  for (const { key } of due) {
    // Whoever writes the new time takes it up; where it fails, others get their turn before it.
    const erasure = await changeErasure(context.erasures, key, (stored) =>
      stored === undefined || stored.dueMs >= now ? stored : { ...stored, dueMs: now + TAKE_UP_AFTER_MS },
    );
    if (erasure?.dueMs !== now + TAKE_UP_AFTER_MS) continue;
    try {
      await eraseUser(context, erasure);
    } catch (error) {
      context.log.warn({ err: error }, "an erasure could not be finished; trying again");
    }
  }
  return due.length === BATCH;
}

/** The unfinished erasure of whomever an id meant when it was erased: by now it may lead to somebody else. */
async function meantBefore(
  { erasures }: IngestionContext,
  app: AppKey,
  resolvedFrom: string,
): Promise<Erasure | undefined> {
  if (resolvedFrom === "") return undefined;
  const where = { field: "resolvedFrom", equals: idHash(resolvedFrom) };
  const [found] = await erasures.page({ keyPrefix: erasureKeyPrefix(app), where, limit: 1 });
  return found?.value;
}

async function begin(
  { erasures, clock }: IngestionContext,
  user: Pick<Erasure, "app" | "appUserId" | "resolvedFrom">,
): Promise<Erasure> {
  const now = clock.now();
  const begun = await changeErasure(erasures, erasureKey(user), (before) => ({
    ...user,
    requestedMs: Math.max(now, before?.requestedMs ?? now),
    dueMs: now + TAKE_UP_AFTER_MS,
    removedOnce: false,
    deviceKeys: before?.deviceKeys ?? [],
    counts: before === undefined || before.removedOnce ? nothingRemoved : before.counts,
  }));
  if (begun === undefined) throw new Error("an erasure that was begun is not stored");
  return begun;
}
