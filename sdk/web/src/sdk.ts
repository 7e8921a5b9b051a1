import type { InitOptions, WebSdk } from "./api.ts";
import { startClient, type WebClient } from "./client.ts";
import { warn } from "./warn.ts";

const ignore = () => undefined;
const OPTED_OUT: WebClient = { trackEvent: ignore, setUserId: ignore, reportPushOpened: ignore };
const NOT_STARTED: WebClient = {
  trackEvent: (name) => warn(`${name} not tracked: call init first`),
  setUserId: () => warn("user id not set: call init first"),
  reportPushOpened: () => warn("open not reported: call init first"),
};

/**
 * The SDK of a page, not yet started.
 *
 * @param servedBy origin of the gateway that the script came from, if it did
 */
export function createSdk(servedBy: string | undefined): WebSdk {
  let client = NOT_STARTED;
  return {
    init(options) {
      if (client !== NOT_STARTED) return warn("init was called before; this call is ignored");
      const { appId } = options;
      const endpoint = options.endpoint ?? servedBy;
      if (typeof appId !== "string" || appId === "") throw new TypeError("init: appId is missing");
      if (endpoint === undefined) throw new TypeError("init: endpoint, the gateway's origin, is missing");
      const { href } = new URL(endpoint);
      client = isOptedOut(options) ? OPTED_OUT : startClient({ ...options, endpoint: href.replace(/\/+$/, "") });
    },
    trackEvent: (name, properties) => client.trackEvent(name, properties),
    setUserId: (id, signature) => client.setUserId(id, signature),
    reportPushOpened: (trackingToken) => client.reportPushOpened(trackingToken),
  };
}

/** Whether the browser asks not to be tracked (Tracking Preference Expression; Global Privacy Control) and is heard. */
function isOptedOut({ respectDoNotTrack }: InitOptions): boolean {
  if (respectDoNotTrack !== true) return false;
  const { globalPrivacyControl } = navigator as { readonly globalPrivacyControl?: boolean };
  return navigator.doNotTrack === "1" || globalPrivacyControl === true;
}
