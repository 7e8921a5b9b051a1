import type { InitOptions, Properties, WebSdk } from "./api.ts";
import { eventChannel } from "./event-channel.ts";
import { createExclusive } from "./exclusive.ts";
import { watchFormSubmissions } from "./form-submissions.ts";
import { createIdentity, isSignature, isUserId, MAX_USER_ID_CHARACTERS } from "./identity.ts";
import { openChannel } from "./open-channel.ts";
import { watchPageViews } from "./page-views.ts";
import { createQueue, type Queue } from "./queue.ts";
import { createSender } from "./sender.ts";
import { pageStorage } from "./storage.ts";
import { isText, utf8Bytes } from "./text.ts";
import { randomUuid } from "./uuid.ts";
import { warn } from "./warn.ts";

/** Most characters of an event's name (http.md of the gateway's surfaces). */
const MAX_NAME_CHARACTERS = 128;
/** Most UTF-8 bytes of properties as JSON. */
const MAX_PROPERTIES_BYTES = 32_768;
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what names must not contain
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/;
const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i;

/** A started SDK. */
export type WebClient = Omit<WebSdk, "init">;

/** Starts to track the page. */
export function startClient({ endpoint, ...options }: InitOptions & { readonly endpoint: string }): WebClient {
  const { appId, tenantId, apiKey } = options;
  const storage = pageStorage();
  const prefix = `carillon:${appId}:`;
  const identity = createIdentity(storage, `${prefix}user`);
  const events = createQueue(storage, `${prefix}event:`);
  const opens = createQueue(storage, `${prefix}open:`);
  const sender = createSender({
    channels: [
      eventChannel({ queue: events, endpoint, appId }),
      ...(tenantId && apiKey ? [openChannel({ queue: opens, endpoint, tenantId, apiKey })] : []),
    ],
    exclusive: createExclusive(storage, `${prefix}sending`),
    storage,
    waitKey: `${prefix}wait`,
    ...("keepalive" in Request.prototype ? {} : { beacon: (url, body) => navigator.sendBeacon(url, body) }),
  });

  /** Queues something and has it sent; what a page does while the browser prepares it, once somebody sees the page. */
  function add(queue: Queue, text: string): void {
    whenSeen(() => {
      queue.add(text);
      sender.added();
    });
  }

  const client: WebClient = {
    trackEvent(name, properties) {
      if (!isText(name, MAX_NAME_CHARACTERS) || CONTROL.test(name)) {
        return warn(`not tracked: an event's name has 1 to ${MAX_NAME_CHARACTERS} characters, none of them control`);
      }
      const json = propertiesJson(properties);
      if (json === undefined) return warn(`${name} not tracked: its properties are no object of at most 32 KB of JSON`);
      const event = {
        event_id: randomUuid(),
        ...identity.user(),
        event_name: name,
        event_time: new Date().toISOString(),
      };
      add(events, `${JSON.stringify(event).slice(0, -1)},"properties":${json}}`);
    },
    setUserId(id, signature) {
      if (id !== null && !isUserId(id)) {
        return warn(
          `user id not set: it has 1 to ${MAX_USER_ID_CHARACTERS} characters and does not start with "anon:"`,
        );
      }
      if (signature !== undefined && !isSignature(signature)) {
        return warn("user id not set: a signature is 64 hex digits");
      }
      identity.setUserId(id, signature);
    },
    reportPushOpened(trackingToken) {
      if (!tenantId || !apiKey) return warn("open not reported: init needs tenantId and apiKey for it");
      if (typeof trackingToken !== "string" || !UUID.test(trackingToken)) {
        return warn("open not reported: a tracking token is a UUID");
      }
      add(opens, trackingToken);
    },
  };

  whenSeen(() => {
    if (options.autoEvents === true) watchPageViews((properties) => client.trackEvent("page_viewed", properties));
    if (options.autoHook === true)
      watchFormSubmissions((properties) => client.trackEvent("form_submitted", properties));
    // After what listens to the page itself, so that its last events are queued by then.
    addEventListener("pagehide", sender.hide);
    addEventListener("pageshow", sender.launch);
    addEventListener("online", sender.launch);
    document.addEventListener("visibilitychange", () =>
      document.visibilityState === "hidden" ? sender.hide() : sender.launch(),
    );
    sender.launch();
  });
  return client;
}

/** Calls back once the page is one that somebody sees: not while the browser prepares it in advance. */
function whenSeen(start: () => void): void {
  const { prerendering } = document as { readonly prerendering?: boolean };
  if (prerendering === true) document.addEventListener("prerenderingchange", start, { once: true });
  else start();
}

/** Properties as JSON; undefined where they are no object, are too large or can't be said in JSON. */
function propertiesJson(properties: Properties | null | undefined): string | undefined {
  try {
    const json = JSON.stringify(properties ?? {});
    return json?.startsWith("{") && utf8Bytes(json) <= MAX_PROPERTIES_BYTES ? json : undefined;
  } catch {
    // A cycle, or a BigInt.
    return undefined;
  }
}
