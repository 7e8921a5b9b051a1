import { reportNotificationClicks } from "./notification-clicks.ts";

// What `importScripts` gives to a service worker.
Object.assign(globalThis, { Carillon: { reportNotificationClicks } });
