import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import {
  type DeliveryCheck,
  DeliveryCheckSchema,
  type DeliveryExplanation,
  DeliveryExplanationSchema,
} from "../../proto/gen/carillon/device/v1/device_service_pb.js";
import { type Device, isDeliverable, owner } from "./device.ts";
import { type EventPosition, isBefore } from "./event-position.ts";
import { currentToken } from "./tokens.ts";

/** Characters of a token or user id that a sentence repeats. */
const SHOWN_CHARACTERS = 64;

/** Whom and what a push is for. */
export interface Addressee {
  /** Token that was asked for; any of the device's. Undefined where a user was. */
  readonly token?: string | undefined;
  /** User who is to be reached; empty for whoever is there, as for an anonymous owner. Undefined for any owner. */
  readonly appUserId?: string | undefined;
}

/** What a check came to, and what decided it. */
interface Verdict {
  readonly passed: boolean;
  readonly detail: string;
  /** Event that decided. */
  readonly event?: EventPosition | null;
  /** Milliseconds; of what decided where that was no event. */
  readonly atMs?: number | undefined;
}

/** Each condition of a delivery (semantics, Device: owner, deliverable), with the event that decided it. */
export function explainDevice(device: Device, addressee: Addressee): DeliveryExplanation {
  const always = [check("seen", seen(device)), check("erased", erased(device))];
  const ofKnown = () => [
    check("rotation", rotation(device, addressee)),
    check("owner", ownership(device, addressee)),
    check("permission", permission(device)),
    check("token", tokenValidity(device)),
  ];
  return create(DeliveryExplanationSchema, {
    deviceToken: currentToken(device) || (addressee.token ?? ""),
    deliverable: isDeliverable(device),
    checks: device.known ? [...always, ...ofKnown()] : always,
  });
}

function check(name: string, { passed, detail, event, atMs = event?.effectiveMs }: Verdict): DeliveryCheck {
  const fingerprint = event?.fingerprint ?? "";
  const time = atMs === undefined ? {} : { time: timestampFromMs(atMs) };
  return create(DeliveryCheckSchema, { name, passed, detail, fingerprint, ...time });
}

function seen({ known, latest, refreshes }: Device): Verdict {
  if (!known) return { passed: false, detail: "No live event that is stored has made a device with this token known." };
  if (latest !== null) return { passed: true, detail: "The device was last heard of by this event.", event: latest };
  const detail = "An accepted token refresh names the device, but no event that is stored.";
  return { passed: true, detail, atMs: refreshes.at(-1)?.order };
}

function erased({ erased: removed, latest }: Device): Verdict {
  if (removed === null) return { passed: true, detail: "Nothing that described the device has been erased." };
  if (latest !== null && !isBefore(latest, removed))
    return { passed: true, detail: "The device was heard of again after its latest event was erased.", event: latest };
  const detail =
    "The event that was the device's latest was erased; until a newer one arrives, nobody owns the device.";
  return { passed: false, detail, atMs: removed.erasedMs };
}

function rotation(device: Device, { token }: Addressee): Verdict {
  const current = currentToken(device);
  const replacing = device.refreshes.findLast(({ newToken }) => newToken === current)?.order;
  if (token === undefined || token === current)
    return { passed: true, detail: `${shown(current)} is the device's current token.`, atMs: replacing };
  const replaced = device.refreshes.findLast(({ oldToken }) => oldToken === token)?.order;
  return {
    passed: false,
    detail: `${shown(token)} is retired; the current token is ${shown(current)}.`,
    atMs: replaced,
  };
}

function ownership(device: Device, { appUserId }: Addressee): Verdict {
  const current = owner(device);
  const event = device.latest;
  if (current === "") return { passed: appUserId === "", ...nobody(device) };
  if (appUserId === undefined || appUserId === current)
    return { passed: true, detail: `The device's latest event names ${shown(current)}, who owns it.`, event };
  const whom = appUserId === "" ? "nobody" : shown(appUserId);
  return { passed: false, detail: `The device's latest event names ${shown(current)}, not ${whom}.`, event };
}

function nobody({ latest, erased: removed }: Device): Omit<Verdict, "passed"> {
  if (latest === null) return { detail: "No event says who uses the device." };
  if (removed !== null && isBefore(latest, removed))
    return { detail: "The event that named the device's user last was erased.", atMs: removed.erasedMs };
  if (!latest.leaves) return { detail: "The device's latest event names nobody.", event: latest };
  return { detail: `The device's latest event says that ${shown(latest.appUserId)} logged out.`, event: latest };
}

function permission({ latest }: Device): Verdict {
  if (latest === null) return { passed: false, detail: "No event says whether the device may show pushes." };
  const passed = latest.attributes.pushPermissionGranted;
  return {
    passed,
    detail: `The device's latest event says that it may ${passed ? "" : "not "}show pushes.`,
    event: latest,
  };
}

function tokenValidity(device: Device): Verdict {
  const { latest, invalidReports } = device;
  const token = currentToken(device);
  const report = invalidReports.find((candidate) => candidate.token === token);
  if (report === undefined) return { passed: true, detail: "No provider has reported the current token invalid." };
  const atMs = report.receivedMs;
  if (latest !== null && atMs < latest.effectiveMs) {
    const reported = new Date(atMs).toISOString();
    return {
      passed: true,
      detail: `A provider reported the current token invalid at ${reported}, before this event.`,
      event: latest,
    };
  }
  const detail = "A provider reported the current token invalid, and no event has come from the device since.";
  return { passed: false, detail, atMs };
}

function shown(text: string): string {
  const characters = Array.from(text);
  return characters.length > SHOWN_CHARACTERS ? `"${characters.slice(0, SHOWN_CHARACTERS).join("")}…"` : `"${text}"`;
}
