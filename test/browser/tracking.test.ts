import { describe, expect } from "vitest";
import { example } from "../wire/surfaces/client-examples.ts";
import { chromiumIsHere } from "./chromium.ts";
import { test } from "./lab.ts";
import { names } from "./site.ts";

const UUID = "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}";
const BROWSER_ID = new RegExp(`^web:${UUID}$`);

describe.runIf(chromiumIsHere).concurrent("what a page tracks", () => {
  test("the published example, as it stands, tracks the page and the purchase of the browser's own user", async ({
    createSite,
  }) => {
    const { app, gateway, pages, open, stored, warnings } = await createSite();
    const script = await example("appizer-web-sdk", { YOUR_APP_ID: app.appId });
    pages.serve("/shop", `<!doctype html><script src="${gateway.url}/sdk/web.js"></script><script>${script}</script>`);
    const page = await open("/shop");
    const events = await stored(2, page);
    expect(names(events).sort()).toEqual(["page_viewed", "purchase_completed"]);
    const purchase = events.find(({ eventName }) => eventName === "purchase_completed");
    expect(purchase?.params).toEqual({ amount: 29.99, currency: "USD", product_id: "premium_plan" });
    expect(events[0]?.appUserId).toMatch(BROWSER_ID);
    expect(events[1]?.appUserId).toBe(events[0]?.appUserId);

    await page.evaluate("AppizerWeb.trackEvent('logged_in')");
    expect((await stored(3, page)).find(({ eventName }) => eventName === "logged_in")?.appUserId).toBe("user_123");
    expect(warnings).toEqual([]);
  });

  test("the browser's user stays over visits until it is named, and a logout makes a new one", async ({
    createSite,
  }) => {
    const { app, open, stored, until } = await createSite();
    const page = await open();
    await page.evaluate("Carillon.trackEvent('first')");
    await stored(1, page);
    await page.reload();
    await page.evaluate("Carillon.trackEvent('second')");
    await stored(2, page);
    const other = await open();
    await other.evaluate("Carillon.setUserId('ada')");
    // Browsers tell one tab what another one stored a moment later.
    await until(() => page.evaluate(`localStorage["carillon:${app.appId}:user"]`), "ada");
    await page.evaluate("Carillon.trackEvent('third')");
    await page.reload();
    await page.evaluate("Carillon.trackEvent('fourth'); Carillon.setUserId(null); Carillon.trackEvent('fifth')");
    const users = new Map((await stored(5, page)).map(({ eventName, appUserId }) => [eventName, appUserId]));
    expect(users.get("first")).toMatch(BROWSER_ID);
    expect(users.get("second")).toBe(users.get("first"));
    expect([users.get("third"), users.get("fourth")]).toEqual(["ada", "ada"]);
    expect(users.get("fifth")).toMatch(BROWSER_ID);
    expect(users.get("fifth")).not.toBe(users.get("first"));
  });

  test("each address of a single-page application is one page view, whichever way it was reached", async ({
    createSite,
  }) => {
    const { pages, open, stored } = await createSite({ options: "autoEvents: true" });
    const page = await open("/start?secret=1");
    const step = async (script: string, views: number) => {
      await page.evaluate(script);
      await stored(views);
    };
    await step("history.pushState({}, '', '/list')", 2);
    await step("history.replaceState({}, '', '/list'); history.replaceState({}, '', '/list?page=2')", 3);
    await step("history.pushState({}, '', '/item')", 4);
    await step("history.back()", 5);
    await step("location.hash = '#/details?token=secret'", 6);
    await step("location.hash = '#/details?token=secret'; location.hash = '#access_token=secret'", 7);
    // Each of these would be a view of its own by now, if it were one.
    await page.evaluate("history.pushState({}, '', location.href); AppizerWeb.trackEvent('end')");
    const events = await stored(8, page);
    expect(events.map(({ params: { url, path, referrer } }) => ({ url, path, referrer }))).toEqual([
      { url: `${pages.origin}/start`, path: "/start", referrer: undefined },
      { url: `${pages.origin}/list`, path: "/list", referrer: `${pages.origin}/start` },
      { url: `${pages.origin}/list`, path: "/list", referrer: `${pages.origin}/list` },
      { url: `${pages.origin}/item`, path: "/item", referrer: `${pages.origin}/list` },
      { url: `${pages.origin}/list`, path: "/list", referrer: `${pages.origin}/item` },
      { url: `${pages.origin}/list#/details`, path: "/list", referrer: `${pages.origin}/list` },
      { url: `${pages.origin}/list#access_token`, path: "/list", referrer: `${pages.origin}/list#/details` },
      { url: undefined, path: undefined, referrer: undefined },
    ]);
    expect(JSON.stringify(events)).not.toContain("secret");
  });

  test("a submitted form is told by its names, and no value leaves the page", async ({ createSite }) => {
    const html = `
      <form id="signup" name="newsletter" action="/thanks?from=secret-action" method="get">
        <input name="email" value="secret-mail@example.com"><input name="id" value="secret-id">
        <input name="elements" value="secret-elements"><input type="password" name="password" value="secret-password">
        <input type="checkbox" name="topic" value="secret-a" checked><input type="checkbox" name="topic" value="secret-b">
        <textarea name="notes">secret-notes</textarea><input value="secret-nameless"><button>Join</button>
      </form>
      <input form="signup" name="coupon" value="secret-coupon">
      <form id="search"><input name="q" value="secret-query"><button>Find</button></form>
      <script>document.querySelector("#search").addEventListener("submit", (event) => {
        event.preventDefault(); event.stopImmediatePropagation();
      });</script>`;
    const { gateway, open, stored } = await createSite({ options: "autoEvents: true, autoHook: true", html });
    const page = await open();
    await page.click("#search button");
    await Promise.all([page.waitForURL("**/thanks?**"), page.click("#signup button")]);
    const events = await stored(4, page);
    expect(names(events).sort()).toEqual(["form_submitted", "form_submitted", "page_viewed", "page_viewed"]);
    const forms = events.filter(({ eventName }) => eventName === "form_submitted").map(({ params }) => params);
    expect(forms).toEqual([
      { form_id: "search", path: "/", fields: ["q"] },
      {
        form_id: "signup",
        form_name: "newsletter",
        path: "/",
        fields: ["email", "id", "elements", "password", "topic", "notes", "coupon"],
      },
    ]);
    expect(gateway.sent.map(({ body }) => body).join()).not.toContain("secret");
  });

  test("nothing is tracked that was not asked for", async ({ createSite }) => {
    const { open, stored } = await createSite({ html: "<form action='/next'><button>Go</button></form>" });
    const page = await open();
    await Promise.all([page.waitForURL("**/next?"), page.click("button")]);
    await page.evaluate("history.pushState({}, '', '/further'); AppizerWeb.trackEvent('only')");
    expect(names(await stored(1, page))).toEqual(["only"]);
  });

  test.for([
    ["Do Not Track", "doNotTrack", "1"],
    ["Global Privacy Control", "globalPrivacyControl", true],
  ])(
    "%s is respected where the page says so, and nothing is kept in the browser",
    async ([, signal, value], { createSite }) => {
      const script = `Object.defineProperty(navigator, ${JSON.stringify(signal)}, { value: ${JSON.stringify(value)} })`;
      const respectful = await createSite({ options: "autoEvents: true, respectDoNotTrack: true" });
      const other = await createSite({ options: "autoEvents: true" });
      for (const { context } of [respectful, other]) await context.addInitScript(script);
      const page = await respectful.open();
      await page.evaluate("AppizerWeb.trackEvent('clicked'); AppizerWeb.setUserId('ada')");
      expect(names(await other.stored(1, await other.open()))).toEqual(["page_viewed"]);
      expect(await page.evaluate("localStorage.length")).toBe(0);
      expect(respectful.gateway.sent).toEqual([]);
      expect(respectful.warnings).toEqual([]);
    },
  );

  test("a module tracks as the script does, when it is told the endpoint", async ({ createSite }) => {
    const { app, gateway, pages, open, stored } = await createSite();
    pages.serve(
      "/module",
      `<!doctype html><script type="module">
        import { init, trackEvent, Carillon, AppizerWeb } from "${gateway.url}/sdk/web.mjs";
        try { init({ appId: "${app.appId}" }) } catch (error) { window.refusal = error.message }
        init({ appId: "${app.appId}", endpoint: "${gateway.url}/" });
        trackEvent("by_function");
        (Carillon === AppizerWeb) && Carillon.trackEvent("by_object");
      </script>`,
    );
    const page = await open("/module");
    expect(names(await stored(2, page)).sort()).toEqual(["by_function", "by_object"]);
    expect(await page.evaluate("refusal")).toContain("endpoint");
  });

  test("what cannot be tracked is told on the console and hurts neither the page nor other events", async ({
    createSite,
  }) => {
    const { app, open, stored, until, warnings } = await createSite();
    const page = await open();
    await page.evaluate(`
      const cycle = {}; cycle.self = cycle;
      for (const name of ["", 3, "a\\nb", "x".repeat(129)]) AppizerWeb.trackEvent(name);
      for (const properties of [cycle, { n: 1n }, "text", [1], { big: "x".repeat(32768) }])
        AppizerWeb.trackEvent("named", properties);
      for (const id of ["", 7, "anon:x", undefined]) AppizerWeb.setUserId(id);
      AppizerWeb.reportPushOpened("6ff40d6c-4a34-4c8d-8b9a-0f1c2f3a4b5c");
      AppizerWeb.init({ appId: "${app.appId}" });
      AppizerWeb.trackEvent("fine");
    `);
    expect(names(await stored(1, page))).toEqual(["fine"]);
    await until(() => warnings.length, 15);
  });

  test("events that the gateway refuses are dropped with a warning, those beside them are stored", async ({
    createSite,
  }) => {
    const { open, stored, until, warnings } = await createSite();
    const page = await open();
    // Refused one by one (too many keys), and with the whole body (a lone surrogate is no JSON that is read).
    await page.evaluate(`
      AppizerWeb.trackEvent("fine_1");
      AppizerWeb.trackEvent("wide", Object.fromEntries(Array.from({ length: 300 }, (_, at) => ["k" + at, at])));
      AppizerWeb.trackEvent("fine_2");
      AppizerWeb.trackEvent("broken", { text: "\\ud800" });
      AppizerWeb.trackEvent("fine_3");
    `);
    expect(names(await stored(3, page)).sort()).toEqual(["fine_1", "fine_2", "fine_3"]);
    await until(() => warnings.length, 2);
  });

  test("a page of another origin is told so once, keeps nothing and stores nothing", async ({ createSite }) => {
    const { pages, app, open, stored, until, nothingQueued, warnings } = await createSite();
    const stranger = await open("/", pages.otherOrigin);
    await stranger.evaluate("AppizerWeb.trackEvent('foreign')");
    await until(() => warnings.length, 1);
    expect(warnings[0]).toContain("ORIGIN_NOT_ALLOWED");
    await nothingQueued(stranger);
    const page = await open();
    await page.evaluate("AppizerWeb.trackEvent('own')");
    expect(names(await stored(1, page))).toEqual(["own"]);
    expect(names(await app.events())).toEqual(["own"]);
  });
});
