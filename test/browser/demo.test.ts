import { readFile } from "node:fs/promises";
import { describe, expect } from "vitest";
import { chromiumIsHere } from "./chromium.ts";
import { test } from "./lab.ts";
import { names } from "./site.ts";

const FILES = { "/": "index.html", "/demo.js": "demo.js", "/service-worker.js": "service-worker.js" };

describe.runIf(chromiumIsHere).concurrent("the demo page", () => {
  test("starts with what the settings say, and each of its buttons does what it says", async ({ createSite }) => {
    const { app, context, gateway, pages, open, stored, until, warnings } = await createSite();
    for (const [path, file] of Object.entries(FILES)) {
      pages.serve(path, await readFile(new URL(`../../sdk/web/demo/${file}`, import.meta.url), "utf8"));
    }
    await context.grantPermissions(["notifications"]);
    const page = await open();
    await page.fill("[name=endpoint]", gateway.url);
    await page.fill("[name=app_id]", app.appId);
    await page.fill("[name=tenant_id]", app.tenantId);
    await page.fill("[name=api_key]", app.apiKey);
    await page.click("button:text-is('Start')");
    await page.click("text=Track a purchase");
    await page.click("text=Track 20 events");
    await page.fill("[name=user_id]", "ada");
    await page.click("text=Log in");
    await page.click("text=Go to another view");
    await page.fill("[name=email]", "ada@example.com");
    await page.click("text=Submit it");
    const events = await stored(25, page);
    const custom = names(events).filter((name) => name !== "content_viewed");
    expect(custom.sort()).toEqual([
      "form_submitted",
      "form_submitted",
      "page_viewed",
      "page_viewed",
      "purchase_completed",
    ]);
    expect(events.find(({ params }) => params.form_name === "newsletter")).toMatchObject({
      appUserId: "ada",
      params: { fields: ["email"] },
    });
    await until(() => page.textContent("#queued"), "0");
    expect(await page.textContent("#log")).toContain("200 from");
    expect(await page.textContent("#log")).toContain("purchase_completed of web:");

    await page.fill("[name=tracking_token]", "6ff40d6c-4a34-4c8d-8b9a-0f1c2f3a4b5c");
    const starting = context.waitForEvent("serviceworker");
    await page.click("button:has-text('Show its notification')");
    const worker = await starting;
    // Not earlier: Chromium forgets a notification that is asked for while it is being shown.
    await until(async () => (await page.textContent("#log"))?.includes("notification shown"), true);
    const shown = "registration.getNotifications().then((shown) => shown.map(({ data }) => data.tracking_token))";
    expect(await worker.evaluate(shown)).toEqual(["6ff40d6c-4a34-4c8d-8b9a-0f1c2f3a4b5c"]);
    expect(warnings).toEqual([]);
  });
});
