import { create, type MessageInitShape } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  VerificationFinding_Status as Status,
  type VerifyAppRequest,
  type VerifyAppResponse,
  VerifyAppResponseSchema,
} from "../../../proto/gen/carillon/ingestion/v1/verification_service_pb.js";
import type { AppKey } from "../../runtime/app-key.ts";
import { requireApp } from "../../runtime/request-arguments.ts";
import type { IngestionContext } from "../context.ts";
import { type Confirmed, confirm, type Suspect } from "./confirm.ts";
import { definitionPages } from "./definition-units.ts";
import { devicePages } from "./device-units.ts";
import { type Finding, placeOf, type Unit, type UnitPage } from "./finding.ts";
import { journalPages } from "./journal-units.ts";
import { outstandingPages } from "./outstanding-units.ts";
import { profilePages, userPages } from "./profile-units.ts";
import { pushPages } from "./push-units.ts";
import { unknownDevicePages } from "./unknown-device-units.ts";

/** Units looked at side by side. */
const CONCURRENCY = 8;
/** Units that are looked at once more together, after one wait for effects. */
const SUSPECTS = 200;
/** How often progress is told: every second. */
const PROGRESS_MS = 1_000;

/** One time over everything. */
interface Pass {
  readonly context: IngestionContext;
  readonly app: AppKey;
  readonly signal: AbortSignal;
  readonly number: number;
  readonly repair: boolean;
  checked: number;
  /** Users found in the phase before the profiles: about as many profiles there are. */
  users: number;
  toldMs: number;
  /** Places of the differences, and of what is pending. */
  readonly differences: Set<string>;
  readonly pending: Set<string>;
}

const phases: readonly { readonly name: string; pages(pass: Pass): AsyncGenerator<UnitPage> }[] = [
  { name: "devices", pages: ({ context, app }) => devicePages(context, app) },
  { name: "unknown devices", pages: ({ context, app }) => unknownDevicePages(context, app) },
  { name: "users", pages: ({ context, app }) => userPages(context, app) },
  { name: "profiles", pages: ({ context, app, users }) => profilePages(context, app, { count: users }) },
  { name: "journal", pages: ({ context, app }) => journalPages(context, app) },
  { name: "definitions", pages: ({ context, app }) => definitionPages(context, app) },
  { name: "pushes", pages: ({ context, app }) => pushPages(context, app) },
  { name: "outstanding", pages: ({ context, app }) => outstandingPages(context, app) },
];

/**
 * `VerificationService.VerifyApp`: reads everything that is stored of an app page by page. What it writes for a repair
 * may be written any number of times, by any number of processes at once.
 *
 * @param ending aborts when the process stops
 * @throws ConnectError INVALID_ARGUMENT without an app; whatever a store or a service answers
 */
export function verifyApp(context: IngestionContext, ending: AbortSignal) {
  return async function* (
    request: VerifyAppRequest,
    call: Pick<HandlerContext, "signal">,
  ): AsyncGenerator<VerifyAppResponse> {
    const app = requireApp(request);
    const signal = AbortSignal.any([call.signal, ending]);
    const begin = { context, app, signal, users: 0, toldMs: context.clock.now() };
    const first: Pass = { ...begin, number: 1, repair: request.repair, checked: 0, ...nothingTold() };
    yield* run(first);
    let last = first;
    if (request.repair && first.differences.size > 0) {
      last = { ...begin, number: 2, repair: false, checked: first.checked, ...nothingTold() };
      yield* run(last);
    }
    const { checked, pending } = last;
    const differences = first.differences.size;
    const remaining = last.differences.size;
    const result = { checked, differences, pending: pending.size, repaired: last !== first, remaining };
    yield message({ case: "summary", value: result });
  };
}

async function* run(pass: Pass): AsyncGenerator<VerifyAppResponse> {
  for (const [i, phase] of phases.entries()) {
    let suspects: Suspect[] = [];
    let looked = 0;
    for await (const page of phase.pages(pass)) {
      suspects.push(...(await look(pass, page.units)));
      looked += page.looked;
      pass.checked += page.looked;
      if (suspects.length >= SUSPECTS) {
        yield* conclude(pass, suspects);
        suspects = [];
      }
      if (isProgressDue(pass)) yield progress(pass, phase.name, (i + page.share) / phases.length);
    }
    yield* conclude(pass, suspects);
    if (phase.name === "users") pass.users = looked;
  }
}

/** Checks units; those of which nothing is found are done with. */
async function look(pass: Pass, units: readonly Unit[]): Promise<Suspect[]> {
  const suspects: Suspect[] = [];
  for (let from = 0; from < units.length; from += CONCURRENCY) {
    pass.signal.throwIfAborted();
    const some = units.slice(from, from + CONCURRENCY);
    const found = await Promise.all(some.map(async (unit) => ({ unit, findings: await unit.check() })));
    suspects.push(...found.filter(({ findings }) => findings.length > 0));
  }
  return suspects;
}

/** Tells what of the suspects is certain and what is pending, and mends what is certain. */
async function* conclude(pass: Pass, suspects: readonly Suspect[]): AsyncGenerator<VerifyAppResponse> {
  if (suspects.length === 0) return;
  for (const confirmed of await confirm(pass.context, suspects, pass)) {
    const { differences, pending } = confirmed;
    for (const finding of untold(pass.differences, differences)) yield findingMessage(pass, finding, Status.DIFFERENCE);
    for (const finding of untold(pass.pending, pending)) yield findingMessage(pass, finding, Status.PENDING);
    if (pass.repair && differences.length > 0) await repair(pass, confirmed);
  }
}

/** Findings that were not told before, as when a journal entry was looked at with its device; they are from now on. */
function untold(told: Set<string>, findings: readonly Finding[]): Finding[] {
  return findings.filter((finding) => {
    const place = placeOf(finding);
    const isNew = !told.has(place);
    told.add(place);
    return isNew;
  });
}

function nothingTold(): Pick<Pass, "differences" | "pending"> {
  return { differences: new Set(), pending: new Set() };
}

/** A unit that cannot be mended does not keep others from it: what is left shows in the second pass. */
async function repair({ context }: Pass, { unit, differences }: Confirmed): Promise<void> {
  try {
    await unit.repair(differences);
  } catch (error) {
    context.log.warn({ err: error, subject: differences[0]?.subject }, "a difference could not be repaired");
  }
}

function isProgressDue(pass: Pass): boolean {
  const now = pass.context.clock.now();
  if (now < pass.toldMs + PROGRESS_MS) return false;
  pass.toldMs = now;
  return true;
}

function progress({ checked, number }: Pass, phase: string, share: number): VerifyAppResponse {
  return message({ case: "progress", value: { phase, checked, share, pass: number } });
}

function findingMessage({ number }: Pass, finding: Finding, status: Status): VerifyAppResponse {
  const { kind, subject, field, expected, actual } = finding;
  return message({ case: "finding", value: { status, kind, subject, field, expected, actual, pass: number } });
}

function message(content: MessageInitShape<typeof VerifyAppResponseSchema>["message"] & object): VerifyAppResponse {
  return create(VerifyAppResponseSchema, { message: content });
}
