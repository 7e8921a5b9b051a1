import { Command } from "commander";
import type { Event } from "../../proto/gen/carillon/ingestion/v1/event_pb.js";
import { GetEventResponseSchema } from "../../proto/gen/carillon/ingestion/v1/event_service_pb.js";
import { printJson, withGateway } from "../command-context.ts";
import type { Console } from "../console.ts";
import { CliFailure, exitCode } from "../exit-code.ts";
import { formatMoment } from "../moment.ts";
import { formatFields } from "../table.ts";

/** What the Appizer API puts before a fingerprint in its `event_id`. */
const EVENT_ID_PREFIX = /^evt_/;

/** `events get`: one event with all that it carries. */
export function getEventCommand(console: Console): Command {
  return new Command("get")
    .description("one event with all that it carries")
    .argument("<fingerprint>", "as senders are answered, evt_… included")
    .addHelpText(
      "after",
      "\nExample:\n  carillon events get 8adf8078b4a85152176955759486782a829d0bdd835cf4bbfd67eb87545e7026",
    )
    .action((named: string, _options: object, command: Command) =>
      withGateway(command, console, async ({ gateway, app, json }) => {
        const fingerprint = named.replace(EVENT_ID_PREFIX, "");
        const response = await gateway.events.getEvent({ ...app, fingerprint });
        if (json) return printJson(console, GetEventResponseSchema, response);
        if (response.event === undefined)
          throw new CliFailure("The gateway answered without an event.", exitCode.failed);
        console.out(formatFields(fieldsOf(response.event)));
      }),
    );
}

/** What the event carries; most of what a device event has, a server's has not. */
function fieldsOf(event: Event): (readonly [name: string, value: string])[] {
  const fields = [
    ["event", event.eventName],
    ["fingerprint", event.fingerprint],
    ["event time", formatMoment(event.eventTime)],
    ["effective time", formatMoment(event.effectiveTime)],
    ["received", formatMoment(event.receivedTime)],
    ["flags", event.flags.join(", ")],
    ["user", event.appUserId || "nobody yet"],
    ["sent as", event.sentAppUserId || "nobody"],
    ["device", event.deviceToken || event.deviceTokenHash],
    ["permission", event.platform === "" ? "" : event.pushPermissionGranted ? "granted" : "not granted"],
    ["platform", event.platform],
    ["language", event.language],
    ["country", event.country],
    ["time zone", event.timezone],
    ["session", event.sessionId],
    ["ip", event.ip],
    ["user agent", event.userAgent],
    ["sent through", event.surface],
    ["params", JSON.stringify(event.params ?? {})],
    ["context", JSON.stringify(event.context ?? {})],
  ] as const;
  return fields.filter(([, value]) => value !== "");
}
