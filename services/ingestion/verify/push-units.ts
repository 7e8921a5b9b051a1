import type { PushState } from "../../../proto/gen/carillon/tracking/v1/tracking_service_pb.js";
import { type AppKey, parseAppKey } from "../../runtime/app-key.ts";
import { deviceKeyOf } from "../../runtime/device-key.ts";
import type { IngestionContext } from "../context.ts";
import { deviceState, OVERDUE_MS } from "./device-units.ts";
import { type Finding, indexFindings, json, shareOfKeys, type Unit, type UnitPage } from "./finding.ts";

/** Pushes read at once. */
const PAGE = 500;

/**
 * Every push of an app: whether it is found by what it says, what its times imply, whether the device service knows of
 * refused tokens, and what is outstanding. Whom it belongs to is looked at with its device.
 */
export async function* pushPages(context: IngestionContext, app: AppKey): AsyncGenerator<UnitPage> {
  for (let afterTrackingToken = "", more = true; more; ) {
    const request = { ...parseAppKey(app), afterTrackingToken, limit: PAGE };
    const { pushes } = await context.pushes.listPushStates(request);
    more = pushes.length === PAGE;
    afterTrackingToken = pushes.at(-1)?.trackingToken ?? "";
    const units = pushes.filter(mayDiffer).map(({ trackingToken }) => pushUnit(context, app, trackingToken));
    yield { units, looked: pushes.length, share: more ? shareOfKeys(afterTrackingToken) : 1 };
  }
}

function mayDiffer(push: PushState): boolean {
  const { invalidTokenMs, outstandingSinceMs } = push;
  return ownFindings(push).length > 0 || invalidTokenMs !== undefined || outstandingSinceMs !== undefined;
}

function pushUnit(context: IngestionContext, app: AppKey, trackingToken: string): Unit {
  const read = async () =>
    (await context.pushes.listPushStates({ ...parseAppKey(app), trackingTokens: [trackingToken], limit: 1 })).pushes[0];
  return {
    async check() {
      const push = await read();
      if (push === undefined) return [];
      return [
        ...ownFindings(push),
        ...outstandingFindings(push, context.clock.now() - OVERDUE_MS),
        ...(await tokenFindings(context, app, push)),
      ];
    },
    async repair() {
      await context.pushes.repairPush({ ...parseAppKey(app), trackingToken });
      const push = await read();
      if (push?.invalidTokenMs === undefined) return;
      const { deviceToken, invalidTokenMs: receivedTimeMs } = push;
      await context.devices.reportInvalidTokens({ ...parseAppKey(app), tokens: [{ deviceToken, receivedTimeMs }] });
    },
  };
}

/** What of a push contradicts itself. */
function ownFindings(push: PushState): Finding[] {
  const { trackingToken: subject, progress, impliedProgress } = push;
  const times = (of: typeof progress) => json(of && { deliveredMs: of.deliveredMs, openedMs: of.openedMs });
  const [expected, actual] = [times(impliedProgress), times(progress)];
  const places = indexFindings({ kind: "push", subject }, push);
  if (expected === actual) return places;
  return [...places, { kind: "push", subject, field: "state", expected, actual, explained: false }];
}

function outstandingFindings({ trackingToken, outstandingSinceMs }: PushState, overdueBeforeMs: number): Finding[] {
  if (outstandingSinceMs === undefined) return [];
  const overdue = outstandingSinceMs < overdueBeforeMs;
  const content = { subject: trackingToken, field: "effects", expected: "", actual: '"outstanding"' };
  return [{ kind: overdue ? "overdue" : "push", ...content, explained: !overdue }];
}

/** Whether the token's device has the report that the token no longer works; it may have a later one, of an erased push. */
async function tokenFindings(context: IngestionContext, app: AppKey, push: PushState): Promise<Finding[]> {
  const { trackingToken: subject, deviceToken, invalidTokenMs, outstandingSinceMs } = push;
  if (invalidTokenMs === undefined) return [];
  const device = await deviceState(context, app, deviceKeyOf(deviceToken));
  const known = device?.invalidTokens.find((report) => report.deviceToken === deviceToken)?.receivedTimeMs;
  if (known !== undefined && known >= invalidTokenMs) return [];
  const explained = outstandingSinceMs !== undefined;
  return [
    { kind: "push", subject, field: "invalidToken", expected: json(invalidTokenMs), actual: json(known), explained },
  ];
}
