import type { DeviceState } from "../../../proto/gen/carillon/device/v1/device_registry_service_pb.js";
import { type AppKey, parseAppKey } from "../../runtime/app-key.ts";
import { deviceKeyOf } from "../../runtime/device-key.ts";
import type { IngestionContext } from "../context.ts";
import { ATTEMPTS, keptChanging } from "../effects/kept-changing.ts";
import { settleDevice } from "../effects/settle-device.ts";
import { type DeviceSurvey, distinctFindings, observedMessage } from "./device-fields.ts";
import { type Finding, indexFindings, json, shareOfKeys, type Unit, type UnitPage } from "./finding.ts";
import { reattributeNamed } from "./repair-events.ts";
import { surveyDevice } from "./survey-device.ts";
import { surveyLargeDevice } from "./survey-large-device.ts";

/** Devices read at once: they are compared with what is read later, so that few are better. */
const PAGE = 50;
/** What is due for longer is overdue: a minute, twelve times as long as the sweeper leaves anything alone. */
export const OVERDUE_MS = 60_000;

/** Every device of an app with all that floats on it. */
export async function* devicePages(context: IngestionContext, app: AppKey): AsyncGenerator<UnitPage> {
  for (let afterDeviceKey = "", more = true; more; ) {
    const request = { ...parseAppKey(app), afterDeviceKey, limit: PAGE };
    const { devices, nextDeviceKey } = await context.devices.listDeviceStates(request);
    const units = devices.map((state) => deviceUnit(context, app, state));
    yield { units, looked: devices.length, share: shareOfKeys(nextDeviceKey) };
    more = nextDeviceKey !== "";
    afterDeviceKey = nextDeviceKey;
  }
}

function deviceUnit(context: IngestionContext, app: AppKey, listed: DeviceState): Unit {
  let read: DeviceState | undefined = listed;
  return {
    async check() {
      const state = read ?? (await deviceState(context, app, listed.deviceKey));
      read = undefined;
      if (state === undefined) return [];
      const own = [
        ...outstandingFindings(context, state),
        ...indexFindings({ kind: "device", subject: state.deviceKey }, state),
      ];
      // Until it is joined with the other device its events are those of two.
      if (state.joining) return own;
      return distinctFindings([...own, ...(await survey(context, app, state)).findings]);
    },
    async repair(findings) {
      await reattributeNamed(context, app, subjects(findings, "event"));
      await rebuild(context, app, listed.deviceKey);
      await settleDevice(context, { app, deviceKey: listed.deviceKey });
      await context.journal.recompute(subjects(findings, "journal").map((fingerprint) => ({ app, fingerprint })));
    },
  };
}

function subjects(findings: readonly Finding[], wanted: Finding["kind"]): string[] {
  return findings.filter(({ kind }) => kind === wanted).map(({ subject }) => subject);
}

/** A device by the key of any of its tokens; undefined where none is registered. */
export async function deviceState(
  { devices }: Pick<IngestionContext, "devices">,
  app: AppKey,
  deviceKey: string,
): Promise<DeviceState | undefined> {
  return (await devices.getDeviceStates({ ...parseAppKey(app), deviceKeys: [deviceKey] })).devices[0];
}

async function survey(context: IngestionContext, app: AppKey, state: DeviceState): Promise<DeviceSurvey> {
  return (await surveyDevice(context, app, state)) ?? (await surveyLargeDevice(context, app, state));
}

/** What is due, or to be joined: overdue after a minute. */
function outstandingFindings({ clock }: Pick<IngestionContext, "clock">, state: DeviceState): Finding[] {
  const { unsettledSinceMs, deviceKey: subject, due, joining } = state;
  if (unsettledSinceMs === undefined) return [];
  const overdue = unsettledSinceMs < clock.now() - OVERDUE_MS;
  const actual = joining ? '"to be joined"' : json(due && { fromMs: due.fromMs, toMs: due.toMs });
  return [{ kind: overdue ? "overdue" : "device", subject, field: "due", expected: "", actual, explained: !overdue }];
}

/** Sets what is stored of the device's events, which makes all that floats on it due. */
async function rebuild(context: IngestionContext, app: AppKey, deviceKey: string): Promise<void> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const state = await deviceState(context, app, deviceKey);
    if (state === undefined) return;
    const { derived } = await survey(context, app, state);
    const left = state.observed?.tokens.filter((token) => deviceKeyOf(token) === state.deviceKey) ?? [];
    const { applied } = await context.devices.repairDevice({
      ...parseAppKey(app),
      deviceKey,
      expectedVersion: state.version,
      observed: observedMessage(derived, left),
    });
    if (applied) return;
  }
  throw keptChanging(`device ${deviceKey}`);
}
