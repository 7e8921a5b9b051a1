/**
 * An object of anything that JSON can say; values that it can't (functions, undefined) are left out. Not a record of
 * `unknown`, which TypeScript takes no value of an interface's type for.
 */
export type Properties = object;

/** How the SDK is set up; everything but `appId` can be left out where the script comes from the gateway. */
export interface InitOptions {
  /** Id of the app; no key belongs in a page. */
  readonly appId: string;
  /** Sends `page_viewed` for every page, those of single-page applications included. Off where absent. */
  readonly autoEvents?: boolean;
  /** Sends `form_submitted` with the names of a form and its fields, never their values. Off where absent. */
  readonly autoHook?: boolean;
  /** Address of the gateway, such as `https://events.example.com`; where absent, the one that served the script. */
  readonly endpoint?: string;
  /**
   * Collects, stores and sends nothing in a browser that asks for it by Do Not Track or Global Privacy Control.
   * Off where absent.
   */
  readonly respectDoNotTrack?: boolean;
  /** Tenant of the app; needed for `reportPushOpened` only. */
  readonly tenantId?: string;
  /** Public `api_key` of the app, never the `server_key`; needed for `reportPushOpened` only. */
  readonly apiKey?: string;
}

/** The SDK of one page. Nothing but `init` throws: what can't be tracked is told on the console. */
export interface WebSdk {
  /**
   * Starts the SDK; once a page, a second call is ignored.
   *
   * @throws TypeError where `appId` is missing, or `endpoint` is no http or https URL, or missing and not to be derived
   */
  init(options: InitOptions): void;
  /**
   * Queues an event of the current user and sends it as soon as it can be.
   *
   * @param name 1 to 128 characters without control characters
   * @param properties at most 32 KB as JSON
   */
  trackEvent(name: string, properties?: Properties | null): void;
  /**
   * Names the user of all later events, in all tabs and on later visits.
   *
   * @param id 1 to 256 characters, not starting with `anon:`; null after a logout: a new `web:{uuid}` takes its place
   * @param signature the hex HMAC-SHA256 of the id under the app's identity secret, made by your backend; for apps that
   *   require it
   */
  setUserId(id: string | null, signature?: string): void;
  /** Reports that the push with this `tracking_token` (a UUID) was opened; needs `tenantId` and `apiKey`. */
  reportPushOpened(trackingToken: string): void;
}
