import { seededRandom } from "./random.ts";

/** Whose events are sent. */
export interface App {
  readonly tenantId: string;
  readonly apiKey: string;
}

/** Devices whose user is signed in, so that 80 % of the events spread over as many users and devices. */
const DEVICES = 20_000;
/** Of 20 events, 3 are anonymous and 1 is the login that takes these; the rest names its user. */
const CYCLE = 20;
const LOGIN_AT = 10;
const ANONYMOUS_AT: ReadonlySet<number> = new Set([1, 4, 7]);
const NAMES = [
  "app_opened",
  "screen_viewed",
  "product_viewed",
  "product_list_viewed",
  "add_to_cart",
  "cart_viewed",
  "begin_checkout",
  "purchase_completed",
  "search_performed",
  "content_viewed",
  "feature_used",
  "push_received",
];
const DAY_MS = 86_400_000;
const OFFSET_MS = 3 * 3_600_000;

/**
 * Of the devices that are new: `log in`, their first events are anonymous and a login takes these; `signed in`, they
 * name their user from the first, so that the same events leave nothing to attribute.
 */
export type Visitors = "log in" | "signed in";

/** Bodies, each of an event that was never sent before, as large as the published example. */
export interface EventSource {
  next(): string;
}

/**
 * One client's events, in the order in which it must send them: a login comes after the anonymous events that it takes.
 *
 * @param options.app whose credentials the bodies carry; without it, none
 * @param options.visitors whether those who log in are anonymous before
 * @param options.lane tells the sources of one run apart; everything that identifies an event depends on it
 */
export function eventSource({
  app,
  visitors,
  lane,
}: {
  readonly app?: App | undefined;
  readonly visitors: Visitors;
  readonly lane: string;
}): EventSource {
  const random = seededRandom(Number.parseInt(lane.replaceAll(/\D/g, ""), 10) || 1);
  const credentials = app === undefined ? "" : credentialsOf(app);
  const attributes =
    '"platform":"android","push_permission_granted":true,"timezone":"Europe/Istanbul","language":"tr","country":"TR"';
  // Not all at the beginning: of thousands of sources that send a few events each, as many log in as of one that sends many.
  let sent = Math.floor(random() * CYCLE);
  let visitor = 0;

  function body(event: { name: string; user: string; device: string }): string {
    const user = event.user === "" ? "" : `"app_user_id":"${event.user}",`;
    const time = eventTime(Date.now());
    const price = (((sent * 7919) % 100_000) / 100).toFixed(2);
    return (
      `{${credentials}${user}"event_name":"${event.name}","event_time":"${time}","device_token":"${event.device}",` +
      `${attributes},"session_id":"sess_${lane}_${sent >> 4}",` +
      `"params":{"product_id":"SKU-${lane}-${sent}","amount":${price},"currency":"USD"}}`
    );
  }

  return {
    next() {
      const at = sent % CYCLE;
      sent += 1;
      const name = NAMES[Math.floor(random() * NAMES.length)] as string;
      const device = `visitor-${lane}-${visitor}-device-token`;
      const user = `visitor_${lane}_${visitor}`;
      if (ANONYMOUS_AT.has(at)) return body({ name, user: visitors === "log in" ? "" : user, device });
      if (at === LOGIN_AT) {
        visitor += 1;
        return body({ name: "logged_in", user, device });
      }
      const signedIn = Math.floor(random() * DEVICES);
      return body({ name, user: `user_${signedIn}`, device: `device-${signedIn}-onesignal-subscription` });
    },
  };
}

function credentialsOf({ tenantId, apiKey }: App): string {
  return `"tenant_id":${JSON.stringify(tenantId)},"api_key":${JSON.stringify(apiKey)},`;
}

let today = { startMs: 0, date: "" };

/** RFC 3339 at +03:00, as the example has it; by hand, because `toISOString` would be a tenth of the generator's work. */
function eventTime(nowMs: number): string {
  const localMs = nowMs + OFFSET_MS;
  const sinceMidnightMs = localMs % DAY_MS;
  const startMs = localMs - sinceMidnightMs;
  if (startMs !== today.startMs) today = { startMs, date: new Date(startMs).toISOString().slice(0, 10) };
  const ms = sinceMidnightMs % 1_000;
  const seconds = (sinceMidnightMs - ms) / 1_000;
  const [hour, minute, second] = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60, seconds % 60];
  return `${today.date}T${two(hour)}:${two(minute)}:${two(second)}.${String(ms).padStart(3, "0")}+03:00`;
}

function two(number: number): string {
  return number < 10 ? `0${number}` : String(number);
}
