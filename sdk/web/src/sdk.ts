import type { InitOptions, WebSdk } from "./api.ts";
import { startClient, type WebClient } from "./client.ts";
import { gatewayUrl } from "./gateway-url.ts";
import { warn } from "./warn.ts";

const ignore = () => undefined;
const OPTED_OUT: WebClient = { trackEvent: ignore, setUserId: ignore, reportPushOpened: ignore };
const NOT_STARTED: WebClient = {
  trackEvent: () => warn("event not tracked: call init first"),
  setUserId: () => warn("user id not set: call init first"),
  reportPushOpened: () => warn("open not reported: call init first"),
};

/**
 * The SDK of a page, not yet started.
 *
 * @param servedBy address of the gateway that the script came from, if it did
 */
export function createSdk(servedBy: string | undefined): WebSdk {
  let client = NOT_STARTED;
  return {
    init(options) {
      if (client !== NOT_STARTED) return warn("init was called before; this call is ignored");
      const { appId, endpoint = servedBy } = options ?? {};
      if (typeof appId !== "string" || appId === "") throw new TypeError("init: appId is missing");
      if (endpoint === undefined) throw new TypeError("init: endpoint, the gateway's address, is missing");
      const started = { ...options, endpoint: gatewayUrl(endpoint) };
      client = isOptedOut(options) ? OPTED_OUT : startClient(started);
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
