import { create } from "@bufbuild/protobuf";
import { PushReportSchema } from "../../../proto/gen/carillon/tracking/v1/tracking_service_pb.js";
import { readJsonBody } from "../../http/request-body.ts";
import type { Endpoint } from "../surface.ts";
import type { SurfaceContext } from "../surface-context.ts";
import { authenticate } from "./credentials.ts";
import { PUSH_OPENED_FIELDS, parsePushOpened } from "./push-opened-body.ts";
import { rejectionAnswer, successAnswer } from "./rejection-answer.ts";

const PATH = "/pushes/opened";

/** `POST /pushes/opened`: a push was opened, known or not yet (http.md, SmartAppPush). */
export function pushesOpenedEndpoint(context: SurfaceContext): Endpoint {
  const authentication = { endpoint: PATH, fields: PUSH_OPENED_FIELDS, context } as const;
  return {
    path: PATH,
    audience: "client",
    queueAgeMs: context.pushReports.queueAgeMs,
    async handle(request) {
      const sent = await authenticate(parsePushOpened(await readJsonBody(request)), authentication);
      if (!sent.ok) return rejectionAnswer(sent.rejection);
      const report = create(PushReportSchema, {
        tenantId: sent.value.tenantId,
        appId: sent.app.appId,
        trackingToken: sent.value.trackingToken,
        // The surface carries no time of its own, so its receipt counts (semantics.md, Push ledger).
        openedMs: request.receivedMs,
        receivedTimeMs: request.receivedMs,
      });
      await context.pushReports.submit(report, request.deadlineMs);
      return successAnswer({ success: true }, "reported");
    },
  };
}
