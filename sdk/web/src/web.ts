import { createSdk } from "./sdk.ts";

export type { InitOptions, Properties, WebSdk } from "./api.ts";

/** The SDK of the page that imports this module. `init` needs `endpoint` here: a module can't tell who served it. */
export const Carillon = createSdk(undefined);
/** The same by the name under which the API was published. */
export const AppizerWeb = Carillon;
export const { init, trackEvent, setUserId, reportPushOpened } = Carillon;
