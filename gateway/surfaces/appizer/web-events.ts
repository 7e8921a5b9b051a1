import {
  type EventVerdict,
  EventVerdict_Outcome,
  type IncomingEvent,
} from "../../../proto/gen/carillon/ingestion/v1/ingestion_service_pb.js";
import { isJsonObject, type ReadBody } from "../../body/strict-json.ts";
import { shown } from "../../body/text.ts";
import type { AppStore, KnownApp } from "../../credentials/app-store.ts";
import { readJsonBody } from "../../http/request-body.ts";
import { type Answer, JSON_TYPE } from "../answer.ts";
import { RequestFault } from "../fault.ts";
import { readIdempotencyKey } from "../idempotency-key.ts";
import { incomingServerEvent } from "../server-event.ts";
import type { Endpoint, SurfaceRequest } from "../surface.ts";
import type { SurfaceContext } from "../surface-context.ts";
import {
  IDEMPOTENCY_CONFLICT,
  invalidField,
  type Refusal,
  refuse,
  signatureNotValid,
  unreadableBody,
} from "./errors.ts";
import { firstFault, readText } from "./event-fields.ts";
import { eventId, trackedAnswer, verdictOf } from "./event-id.ts";
import { isAllowedOrigin } from "./origin.ts";
import type { AppizerLimits } from "./rate-limit-headers.ts";
import { rejectionOf } from "./rejection-of.ts";
import { MAX_APP_ID_CHARACTERS } from "./schemas.ts";
import { readWebEvent, readWebEvents, type WebEvent, type WebEventReading } from "./web-event-body.ts";

const WEB_EVENTS_PATH = "/v1/web/events";
const SURFACE = "appizer_web";
const KEY_HEADER = "Idempotency-Key";

/** `POST /v1/web/events`: events of browsers, alone or up to 50, by the page's origin (decision 0008). */
export function webEventsEndpoint(context: SurfaceContext, limits: AppizerLimits): Endpoint {
  function incoming(event: WebEvent, { tenantId, appId }: KnownApp, receivedMs: number): IncomingEvent {
    return incomingServerEvent(event, { surface: SURFACE, tenantId, appId, receivedMs });
  }

  /** The reading, unless the app requires a valid signature of the user and there is none. */
  function signed(reading: WebEventReading, { userSignatures }: KnownApp): WebEventReading {
    if (!reading.ok || reading.value.namedUser === null || userSignatures === undefined) return reading;
    const verdict = context.judgeUserSignature(SURFACE, userSignatures, reading.value.namedUser);
    if (verdict === "valid" || !userSignatures.required) return reading;
    return { ok: false, refusal: signatureNotValid(verdict) };
  }

  /** Tells who tails the app of an event that is refused. */
  function reject(refusal: Refusal, { body, app, receivedMs }: Rejected): Refusal {
    const { tenantId, appId } = app;
    context.rejections.report(
      rejectionOf(refusal, { body, receipt: { surface: SURFACE, tenantId, appId, receivedMs } }),
    );
    return refusal;
  }

  async function trackOne(request: SurfaceRequest, reading: ReadBody, app: KnownApp): Promise<Answer> {
    const key = readIdempotencyKey(request.headers["idempotency-key"], KEY_HEADER);
    const refused = { body: reading.body, app, receivedMs: request.receivedMs };
    if (!key.ok) {
      return refuse(reject({ ...invalidField(KEY_HEADER, key.message), message: key.message }, refused));
    }
    const sent = signed(readWebEvent(reading, key.key), app);
    if (!sent.ok) return refuse(reject(sent.refusal, refused));
    const event = incoming(sent.value, app, request.receivedMs);
    const { outcome } = await context.events.submit(event, request.deadlineMs);
    if (outcome === EventVerdict_Outcome.IDEMPOTENCY_CONFLICT) return refuse(IDEMPOTENCY_CONFLICT);
    return trackedAnswer(eventId(event), outcome);
  }

  async function trackMany(request: SurfaceRequest, reading: ReadBody, app: KnownApp): Promise<Answer> {
    if (request.headers["idempotency-key"] !== undefined) {
      return refuse(invalidField(KEY_HEADER, "is for one event; send an event_id with each event of a batch"));
    }
    const sent = readWebEvents(reading.body.events);
    if (!sent.ok) return refuse(sent.refusal);
    const bodies = reading.body.events as readonly unknown[];
    const results = await Promise.all(
      sent.value.map((event, i) => trackElement(signed(event, app), { body: bodies[i], app, request })),
    );
    // Nothing was accepted and something may be repeated: the whole request may be.
    const faults = results.flatMap(({ fault }) => (fault === undefined ? [] : [fault]));
    if (faults.length === results.length) throw faults[0];
    const answers = results.map(({ body }) => body);
    return {
      status: 200,
      contentType: JSON_TYPE,
      payload: JSON.stringify({ success: answers.every(({ status }) => isAccepted(status)), results: answers }),
      verdict: "batch",
      logLevel: "info",
    };
  }

  async function trackElement(sent: WebEventReading, { body, app, request }: Element): Promise<ElementResult> {
    const { receivedMs } = request;
    if (!sent.ok) {
      return { body: rejected(reject(sent.refusal, { body: isJsonObject(body) ? body : {}, app, receivedMs })) };
    }
    const event = incoming(sent.value, app, request.receivedMs);
    let verdict: EventVerdict;
    try {
      verdict = await context.events.submit(event, request.deadlineMs);
    } catch (error) {
      if (!(error instanceof RequestFault)) throw error;
      return { body: { status: "retry" }, fault: error };
    }
    if (verdict.outcome === EventVerdict_Outcome.IDEMPOTENCY_CONFLICT) return { body: rejected(IDEMPOTENCY_CONFLICT) };
    return { body: { status: verdictOf(verdict.outcome), event_id: eventId(event) } };
  }

  async function track(request: SurfaceRequest): Promise<Answer> {
    const reading = await readJsonBody(request);
    if (!reading.ok) return refuse(unreadableBody(reading.fault.message));
    const appId = firstFault(() => readText(reading, "app_id", MAX_APP_ID_CHARACTERS));
    if (!appId.ok) return refuse(appId.refusal);
    const app = await allowedApp(context.apps, appId.value, request.headers.origin);
    if (app === null) return refuse(originNotAllowed(request.headers.origin));
    return reading.body.events === undefined ? trackOne(request, reading, app) : trackMany(request, reading, app);
  }

  return {
    path: WEB_EVENTS_PATH,
    audience: "client",
    queueAgeMs: context.events.queueAgeMs,
    handle: async (request) => limits.told(request, await track(request)),
  };
}

interface Rejected {
  readonly body: Readonly<Record<string, unknown>>;
  readonly app: KnownApp;
  readonly receivedMs: number;
}

/** One event of a batch as it was sent, and where. */
interface Element {
  readonly body: unknown;
  readonly app: KnownApp;
  readonly request: SurfaceRequest;
}

/** What became of one event of a batch. */
type ResultBody =
  | { readonly status: "stored" | "duplicate"; readonly event_id: string }
  | { readonly status: "rejected"; readonly error: Refusal }
  /** Not known to be stored: the sender repeats it with the same content. */
  | { readonly status: "retry" };

interface ElementResult {
  readonly body: ResultBody;
  /** Why it is to be repeated. */
  readonly fault?: RequestFault;
}

function rejected({ code, message, details }: Refusal): ResultBody {
  return { status: "rejected", error: { code, message, ...(details === undefined ? {} : { details }) } };
}

function isAccepted(status: ResultBody["status"]): boolean {
  return status === "stored" || status === "duplicate";
}

/** The app, if it lets this origin's pages send events; an unknown app lets nobody. */
async function allowedApp(apps: AppStore, appId: string, origin: string | undefined): Promise<KnownApp | null> {
  const app = await apps.resolve(appId);
  return app !== undefined && isAllowedOrigin(origin, app.allowedOrigins) ? app : null;
}

function originNotAllowed(origin: string | undefined): Refusal {
  const message =
    origin === undefined
      ? "The request has no Origin; this endpoint is for web pages, servers use /v1/events"
      : `The origin ${shown(origin)} may not send events of this app; add it to the app's allowed origins`;
  return { code: "ORIGIN_NOT_ALLOWED", message };
}
