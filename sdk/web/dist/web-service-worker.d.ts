export interface NotificationClickOptions {
    /** Address of the gateway, such as `https://events.example.com`. */
    readonly endpoint: string;
    readonly tenantId: string;
    /** Public `api_key` of the app, never the `server_key`. */
    readonly apiKey: string;
    /** Finds the tracking token in a notification's `data`; where absent, it is `data.tracking_token`. */
    readonly trackingToken?: (data: unknown) => string | undefined;
}
/**
 * Reports each click on a notification that carries a tracking token, also one that was made offline. To be called
 * while the worker's script runs first; it opens no window, that stays with the worker's own handler.
 *
 * @throws TypeError where `endpoint` is no http or https URL
 */
export declare function reportNotificationClicks(options: NotificationClickOptions): void;
