import { create } from "@bufbuild/protobuf";
import { PushReportSchema } from "../../../proto/gen/carillon/tracking/v1/tracking_service_pb.js";
import { decodeBody } from "../../body/content-encoding.ts";
import { excerpt, shown } from "../../body/text.ts";
import { readJsonBody } from "../../http/request-body.ts";
import { bearerToken } from "../bearer-token.ts";
import { countServerRequest, requireAllowed } from "../server-limit.ts";
import type { Endpoint, SurfaceRequest } from "../surface.ts";
import type { SurfaceContext } from "../surface-context.ts";
import { type Outcome, SUCCESS, writeAnswer } from "./answers.ts";
import { answerFormat, isUtf8Xml, requestFormat } from "./format.ts";
import { type FieldValues, type PushEventReport, readReport } from "./report-body.ts";
import { readXmlBody } from "./xml-body.ts";

type BodyReading =
  | { readonly ok: true; readonly value: FieldValues }
  | { readonly ok: false; readonly outcome: Outcome };

/** `POST /api/v1.1/pushes/post_events`: another system's push was delivered or opened (http.md, Altcraft). */
export function postEventsEndpoint(context: SurfaceContext): Endpoint {
  async function report(request: SurfaceRequest): Promise<Outcome> {
    const body = await readBody(request);
    if (!body.ok) return body.outcome;
    const token = tokenOf(body.value("token"), request.headers.authorization);
    if (token === null) return UNAUTHORIZED;
    requireAllowed(context, await countServerRequest(context, token));
    const key = await context.credentials.resolve(token);
    if (key.outcome !== "active" || key.kind !== "server") return UNAUTHORIZED;
    const reading = readReport(body.value);
    if (!reading.ok) return reading.outcome;
    const { tenantId, appId } = key;
    await context.pushReports.submit(pushReport(reading.report, { tenantId, appId, request }), request.deadlineMs);
    return SUCCESS;
  }

  return {
    path: "/api/v1.1/pushes/post_events",
    audience: "server",
    queueAgeMs: context.pushReports.queueAgeMs,
    handle: async (request) => writeAnswer(await report(request), answerFormat(request)),
  };
}

const UNAUTHORIZED: Outcome = {
  kind: "unauthorized",
  text: "token is missing or is no server key; send it as the field token or as Authorization: Bearer",
};

function readBody(request: SurfaceRequest): Promise<BodyReading> {
  return requestFormat(request) === "xml" ? readXml(request) : readJson(request);
}

async function readJson(request: SurfaceRequest): Promise<BodyReading> {
  const reading = await readJsonBody(request);
  if (!reading.ok) return malformed(reading.fault.message);
  const [problem] = reading.problems;
  if (problem !== undefined) return malformed(`${excerpt(problem.field ?? "body")} ${problem.message}`);
  return { ok: true, value: (field) => reading.body[field] };
}

async function readXml({ headers, body }: SurfaceRequest): Promise<BodyReading> {
  const contentType = headers["content-type"];
  if (!isUtf8Xml(contentType))
    return malformed(`Content-Type ${shown(contentType)} is not supported; send XML in UTF-8`);
  const decoded = await decodeBody(body, headers["content-encoding"]);
  const reading = decoded.ok ? readXmlBody(decoded.bytes) : decoded;
  if (!reading.ok) return malformed(reading.fault.message);
  const { fields } = reading;
  // A field that holds elements is there, but no text.
  return { ok: true, value: (field) => (fields.get(field) === null ? {} : fields.get(field)) };
}

/** The key that was sent: the body's, as published, or the header's; null where neither is a text. */
function tokenOf(field: unknown, authorization: string | undefined): string | null {
  if (field === undefined || field === null || field === "") return bearerToken(authorization);
  return typeof field === "string" ? field : null;
}

function pushReport(
  { delivered, opened, provider, subscriptionId, launchId, uid }: PushEventReport,
  { tenantId, appId, request }: { readonly tenantId: string; readonly appId: string; readonly request: SurfaceRequest },
) {
  // The surface carries no time of its own, so its receipt counts (semantics.md, Push ledger).
  const { receivedMs } = request;
  return create(PushReportSchema, {
    tenantId,
    appId,
    ...(delivered ? { deliveredMs: receivedMs } : {}),
    ...(opened ? { openedMs: receivedMs } : {}),
    receivedTimeMs: receivedMs,
    externalPush: { provider, subscriptionId, launchId, uid },
  });
}

function malformed(text: string): BodyReading {
  return { ok: false, outcome: { kind: "malformed", text } };
}
