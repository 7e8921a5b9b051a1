import { randomUUID } from "node:crypto";
import type { Worker } from "playwright-core";
import { describe, expect } from "vitest";
import { chromiumIsHere } from "./chromium.ts";
import type { TestApp } from "./gateway-process.ts";
import { test } from "./lab.ts";
import type { Site } from "./site.ts";

/** Registers a push that was sent to a user's browser; answers its tracking token. */
async function registerPush(app: TestApp): Promise<string> {
  const push = {
    trackingToken: randomUUID(),
    appUserId: "ada",
    deviceToken: "browser-of-ada",
    sentTime: new Date().toISOString(),
  };
  await app.call("tracking.v1.PushService/RegisterPushes", { pushes: [push] });
  return push.trackingToken;
}

async function stateOf(app: TestApp, trackingToken: string): Promise<unknown> {
  const { push } = (await app.call("tracking.v1.PushService/GetPush", { trackingToken })) as {
    push: { state: string };
  };
  return push.state;
}

/** What a user's click on a notification with this data is to the worker; nothing but the user can click a real one. */
function click(worker: Worker, data: unknown): Promise<void> {
  return worker.evaluate(`
    const event = new Event("notificationclick");
    event.notification = { data: ${JSON.stringify(data)} };
    event.waitUntil = (work) => { self.lastWork = work };
    dispatchEvent(event);
  `);
}

/** What the worker's queue holds. */
function waiting(worker: Worker, { tenantId, apiKey }: TestApp): Promise<number> {
  return worker.evaluate<number>(`new Promise((resolve, reject) => {
    const opening = indexedDB.open("carillon:${tenantId}:${apiKey}");
    opening.onerror = () => reject(opening.error);
    opening.onsuccess = () => {
      const counting = opening.result.transaction("opens").objectStore("opens").count();
      counting.onsuccess = () => { opening.result.close(); resolve(counting.result) };
    };
  })`);
}

describe.runIf(chromiumIsHere).concurrent("an opened push", () => {
  /** Installs a service worker that reports clicks. */
  async function installWorker(site: Site): Promise<Worker> {
    const { app, context, gateway, pages } = site;
    const options = { endpoint: gateway.url, tenantId: app.tenantId, apiKey: app.apiKey };
    pages.serve(
      "/worker.js",
      `importScripts("${gateway.url}/sdk/web-service-worker.js");
       Carillon.reportNotificationClicks(${JSON.stringify(options)});`,
    );
    const page = await site.open();
    const starting = context.waitForEvent("serviceworker");
    await page.evaluate("navigator.serviceWorker.register('/worker.js').then(() => navigator.serviceWorker.ready)");
    return starting;
  }

  test("is reported by a page, once it can be", async ({ createSite }) => {
    const { app, gateway, pages, open, until, nothingQueued } = await createSite();
    const options = { appId: app.appId, tenantId: app.tenantId, apiKey: app.apiKey };
    pages.serve(
      "/landing",
      `<script src="${gateway.url}/sdk/web.js"></script><script>AppizerWeb.init(${JSON.stringify(options)})</script>`,
    );
    const tokens = [await registerPush(app), await registerPush(app)];
    gateway.fail({ kind: "refused" });
    const page = await open("/landing");
    await page.evaluate(`AppizerWeb.reportPushOpened("${tokens[0]}")`);
    await page.evaluate(`AppizerWeb.reportPushOpened("${tokens[1]!.toUpperCase()}")`);
    await until(() => gateway.sent.length > 0, true);
    gateway.fail(undefined);
    await nothingQueued(page);
    expect(await Promise.all(tokens.map((token) => stateOf(app, token)))).toEqual(["opened", "opened"]);
  });

  test("is not reported by a page that has no credentials, and dropped with a warning where they are wrong", async ({
    createSite,
  }) => {
    const { app, gateway, pages, open, until, nothingQueued, warnings } = await createSite();
    const options = { appId: app.appId, tenantId: app.tenantId, apiKey: "unknown" };
    pages.serve(
      "/landing",
      `<script src="${gateway.url}/sdk/web.js"></script><script>AppizerWeb.init(${JSON.stringify(options)})</script>`,
    );
    const token = await registerPush(app);
    const page = await open("/landing");
    await page.evaluate(`AppizerWeb.reportPushOpened("not a UUID"); AppizerWeb.reportPushOpened("${token}")`);
    await until(() => warnings.length, 2);
    expect(warnings[1]).toContain("401");
    await nothingQueued(page);
    expect(await stateOf(app, token)).toBe("sent");
  });

  test("is reported by the service worker when its notification is clicked", async ({ createSite }) => {
    const site = await createSite();
    const worker = await installWorker(site);
    const token = await registerPush(site.app);
    await click(worker, { tracking_token: token, screen: "cart" });
    await site.until(() => stateOf(site.app, token), "opened");
    await site.until(() => waiting(worker, site.app), 0);
    // A notification of somebody else's is left alone.
    for (const data of [null, "text", { tracking_token: 7 }, {}]) await click(worker, data);
    expect(site.gateway.sent.length).toBe(1);
  });

  test("is kept by the service worker while it cannot be reported, also over the worker's end", async ({
    createSite,
  }) => {
    const site = await createSite();
    const { app, context, gateway, until } = site;
    gateway.fail({ kind: "overloaded", retryAfterSeconds: 60 });
    const worker = await installWorker(site);
    const tokens = [await registerPush(app), await registerPush(app)];
    for (const token of [...tokens, ...tokens]) await click(worker, { tracking_token: token });
    await until(() => waiting(worker, app), 2);
    await until(() => gateway.sent.length > 0, true);

    // The next version of the worker finds what the first one left.
    gateway.fail(undefined);
    const [page] = context.pages();
    const starting = context.waitForEvent("serviceworker");
    await page!.evaluate(`navigator.serviceWorker.getRegistration()
      .then((registration) => registration.unregister())
      .then(() => navigator.serviceWorker.register('/worker.js?2'))`);
    const next = await starting;
    for (const token of tokens) await until(() => stateOf(app, token), "opened");
    await until(() => waiting(next, app), 0);
  });
});
