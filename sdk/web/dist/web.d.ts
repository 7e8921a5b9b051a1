export type { InitOptions, Properties, WebSdk } from "./api.js";
/** The SDK of the page that imports this module. `init` needs `endpoint` here: a module can't tell who served it. */
export declare const Carillon: import("./api.js").WebSdk;
/** The same by the name under which the API was published. */
export declare const AppizerWeb: import("./api.js").WebSdk;
export declare const init: (options: import("./api.js").InitOptions) => void, trackEvent: (name: string, properties?: import("./api.js").Properties | null) => void, setUserId: (id: string | null, signature?: string) => void, reportPushOpened: (trackingToken: string) => void;
