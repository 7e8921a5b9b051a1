import { randomUUID } from "node:crypto";
import type { Page } from "playwright-core";
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

/** Opens that wait in the service worker's queue. */
function waiting(page: Page, { tenantId, apiKey }: TestApp): Promise<number> {
  return page.evaluate<number>(`new Promise((resolve, reject) => {
    const opening = indexedDB.open("carillon:${tenantId}:${apiKey}");
    opening.onerror = () => reject(opening.error);
    opening.onsuccess = () => {
      const counting = opening.result.transaction("opens").objectStore("opens").count();
      counting.onsuccess = () => { opening.result.close(); resolve(counting.result) };
    };
  })`);
}

/** A service worker that shows pushes and reports clicks on them. */
interface InstalledWorker {
  readonly page: Page;
  /** Has the browser deliver a push. */
  push(data: unknown): Promise<void>;
  /** Clicks on the notification of a push, as soon as it is shown. */
  click(data: unknown): Promise<void>;
  /** Ends the worker, as browsers do with one that has nothing to do. */
  stop(): Promise<void>;
  /** Has the browser wake the worker, as it does when it is online again. */
  wake(): Promise<void>;
}

async function installWorker({ app, context, gateway, pages, open, until }: Site): Promise<InstalledWorker> {
  const options = { endpoint: gateway.url, tenantId: app.tenantId, apiKey: app.apiKey };
  pages.serve(
    "/worker.js",
    `importScripts("${gateway.url}/sdk/web-service-worker.js");
     Carillon.reportNotificationClicks(${JSON.stringify(options)});
     addEventListener("push", (event) => event.waitUntil(
       registration.showNotification("A push", { tag: event.data.text(), data: event.data.json() })));`,
  );
  await context.grantPermissions(["notifications"]);
  const page = await open();
  const devTools = await context.newCDPSession(page);
  const registering = new Promise<string>((resolve) => {
    devTools.on("ServiceWorker.workerRegistrationUpdated", ({ registrations: [registration] }) => {
      if (registration !== undefined) resolve(registration.registrationId);
    });
  });
  await devTools.send("ServiceWorker.enable");
  const starting = context.waitForEvent("serviceworker");
  await page.evaluate("navigator.serviceWorker.register('/worker.js').then(() => navigator.serviceWorker.ready)");
  const worker = await starting;
  const registrationId = await registering;
  const { origin } = pages;
  return {
    page,
    async push(data) {
      await devTools.send("ServiceWorker.deliverPushMessage", { origin, registrationId, data: JSON.stringify(data) });
    },
    // Nothing but the user can click a real notification, and only events of the browser's own keep a worker awake.
    click: (data) =>
      until(
        () =>
          worker.evaluate(`registration.getNotifications({ tag: ${JSON.stringify(JSON.stringify(data))} }).then(([notification]) => {
            if (notification === undefined) return false;
            const event = new NotificationEvent("notificationclick", { notification });
            event.waitUntil = (work) => { self.lastWork = work };
            return dispatchEvent(event);
          })`),
        true,
      ),
    async stop() {
      await devTools.send("ServiceWorker.stopAllWorkers");
    },
    async wake() {
      await devTools.send("ServiceWorker.dispatchSyncEvent", { origin, registrationId, tag: "any", lastChance: false });
    },
  };
}

describe.runIf(chromiumIsHere).concurrent("an opened push", () => {
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

  test("is reported by the service worker when its notification is clicked, once", async ({ createSite }) => {
    const site = await createSite();
    const { page, push, click } = await installWorker(site);
    const opened = { tracking_token: await registerPush(site.app), screen: "cart" };
    await push(opened);
    await click(opened);
    await site.until(() => stateOf(site.app, opened.tracking_token), "opened");
    await site.until(() => waiting(page, site.app), 0);
    // A notification of somebody else's is left alone.
    for (const data of [null, "text", { tracking_token: 7 }, {}]) {
      await push(data);
      await click(data);
    }
    expect(site.gateway.sent.map(({ body }) => JSON.parse(body).tracking_token)).toEqual([opened.tracking_token]);
  });

  // Once in some ten runs on a busy machine the worker sent nothing within half a minute, which was not explained.
  test("is kept by the service worker while it cannot be reported, over the worker's end", { retry: 1 }, async ({
    createSite,
  }) => {
    const site = await createSite();
    const { app, gateway, until } = site;
    gateway.fail({ kind: "overloaded", retryAfterSeconds: 60 });
    const { page, push, click, stop, wake } = await installWorker(site);
    const pushes = [{ tracking_token: await registerPush(app) }, { tracking_token: await registerPush(app) }];
    for (const data of pushes) {
      await push(data);
      await click(data);
      await click(data);
    }
    await until(() => waiting(page, app), 2);
    await until(() => gateway.sent.length > 0, true);
    await stop();
    gateway.fail(undefined);
    await wake();
    for (const { tracking_token } of pushes) await until(() => stateOf(app, tracking_token), "opened");
    await until(() => waiting(page, app), 0);
    const reported = gateway.sent
      .filter(({ isFailed }) => !isFailed)
      .map(({ body }) => JSON.parse(body).tracking_token);
    expect(reported).toEqual(pushes.map(({ tracking_token }) => tracking_token));
  });
});
