const element = (id) => document.getElementById(id);
const settings = new URLSearchParams(location.search);
for (const [name, value] of settings) element("settings").elements.namedItem(name).value = value;

function start() {
  const { Carillon } = window;
  Carillon.init({
    appId: settings.get("app_id"),
    tenantId: settings.get("tenant_id"),
    apiKey: settings.get("api_key"),
    autoEvents: true,
    autoHook: true,
  });
  element("actions").disabled = false;

  element("purchase").onclick = () =>
    Carillon.trackEvent("purchase_completed", { amount: 29.99, currency: "USD", product_id: "premium_plan" });
  element("burst").onclick = () => {
    for (let at = 1; at <= 20; at++) Carillon.trackEvent("content_viewed", { content_id: `article-${at}` });
  };
  element("navigate").onclick = () => history.pushState({}, "", `#/view-${Date.now() % 100}`);
  element("user").onsubmit = (event) => {
    event.preventDefault();
    Carillon.setUserId(new FormData(event.target).get("user_id"));
  };
  element("user").onreset = () => Carillon.setUserId(null);
  element("newsletter").onsubmit = (event) => event.preventDefault();
  element("notification").onsubmit = async (event) => {
    event.preventDefault();
    await showNotification(new FormData(event.target).get("tracking_token"));
  };
}

/** Shows what a push would show; the service worker reports the click on it. */
async function showNotification(trackingToken) {
  if ((await Notification.requestPermission()) !== "granted") return log("the browser was not allowed to show it");
  await navigator.serviceWorker.register(`service-worker.js${location.search}`);
  const registration = await navigator.serviceWorker.ready;
  await registration.showNotification("Your order is on its way", { data: { tracking_token: trackingToken } });
  log("notification shown; the service worker reports the click on it");
}

function log(text) {
  element("log").prepend(`${new Date().toLocaleTimeString()} ${text}\n`);
}

// Shows what the SDK tells the console, and each event as it is put into the queue.
const { warn } = console;
console.warn = (message) => {
  warn(message);
  log(message);
};
const { setItem } = Storage.prototype;
Storage.prototype.setItem = function (key, text) {
  setItem.call(this, key, text);
  if (!/^carillon:.*:event:/.test(key)) return;
  const { event_name, user_id, properties } = JSON.parse(text);
  log(`${event_name} of ${user_id} ${JSON.stringify(properties)}`);
};

// What the browser says of each request to the gateway, and how much waits.
new PerformanceObserver((list) => {
  for (const { name, responseStatus } of list.getEntries()) {
    if (!/\/v1\/web\/events$|\/pushes\/opened$/.test(name)) continue;
    log(`${responseStatus || "no answer"} from ${name}`);
  }
}).observe({ type: "resource", buffered: true });
setInterval(() => {
  element("queued").textContent = Object.keys(localStorage).filter((key) =>
    /^carillon:.*:(event|open):/.test(key),
  ).length;
}, 200);

element("notification").elements.tracking_token.value = crypto.randomUUID();
if (settings.has("app_id")) {
  const script = document.createElement("script");
  script.src = new URL("/sdk/web.js", settings.get("endpoint")).href;
  script.onload = start;
  script.onerror = () => log(`no gateway answers at ${settings.get("endpoint")}: start it with npm start`);
  document.head.append(script);
}
