const settings = new URLSearchParams(location.search);
const endpoint = settings.get("endpoint");

importScripts(new URL("/sdk/web-service-worker.js", endpoint).href);
self.Carillon.reportNotificationClicks({
  endpoint,
  tenantId: settings.get("tenant_id"),
  apiKey: settings.get("api_key"),
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(self.clients.openWindow(`./${location.search}#/opened`));
});
