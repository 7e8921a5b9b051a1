import { describe, expect } from "vitest";
import { chromiumIsHere } from "./chromium.ts";
import { test } from "./lab.ts";
import { names, queued } from "./site.ts";

describe.runIf(chromiumIsHere).concurrent("a page", () => {
  test("that comes back out of the back-forward cache is another view, and sends what it tracks", async ({
    createSite,
  }) => {
    const html = `<script>addEventListener("pageshow", ({ persisted }) => {
      if (persisted) AppizerWeb.trackEvent("came_back");
    })</script>`;
    const { pages, open, stored } = await createSite({ options: "autoEvents: true", html });
    // What drives a page that is away cannot reach it, so the pages do all by themselves.
    pages.serve(
      "/away",
      "<!doctype html><script>addEventListener('load', () => setTimeout(() => history.back()))</script>",
    );
    const page = await open();
    await stored(1, page);
    await page.evaluate("void setTimeout(() => { location.href = '/away' })");
    const events = await stored(3);
    expect(names(events).sort()).toEqual(["came_back", "page_viewed", "page_viewed"]);
    expect(pages.asked.filter((path) => path === "/")).toEqual(["/"]);
  });

  test("that the browser prepares in advance tracks nothing until somebody sees it", async ({ createSite }) => {
    const { context, gateway, open, stored } = await createSite({
      options: "autoEvents: true, autoHook: true",
      html: "<script>AppizerWeb.trackEvent('tracked')</script>",
    });
    // Chromium prepares no page that is driven from outside (PrerenderingDisabledByDevTools), so this one says that it is.
    await context.addInitScript(`let isPrepared = true;
      Object.defineProperty(document, "prerendering", { get: () => isPrepared });
      self.show = () => { isPrepared = false; document.dispatchEvent(new Event("prerenderingchange")) };`);
    const page = await open();
    await context.clock.runFor(60_000);
    expect([await queued(page), gateway.sent.length]).toEqual([0, 0]);
    await page.evaluate("show(); AppizerWeb.trackEvent('seen')");
    expect(names(await stored(3, page)).sort()).toEqual(["page_viewed", "seen", "tracked"]);
  });

  test("with a strict content security policy allows the gateway, and nothing else is needed", async ({
    createSite,
  }) => {
    const { app, gateway, pages, open, stored, warnings } = await createSite();
    const policy = `default-src 'none'; script-src 'self' ${gateway.url}; connect-src ${gateway.url}; require-trusted-types-for 'script'`;
    pages.serve("/init.js", `AppizerWeb.init({ appId: "${app.appId}", autoEvents: true, autoHook: true })`);
    pages.serve(
      "/strict",
      `<!doctype html><script src="${gateway.url}/sdk/web.js"></script><script src="/init.js"></script>`,
      {
        "Content-Security-Policy": policy,
      },
    );
    const page = await open("/strict");
    expect(names(await stored(1, page))).toEqual(["page_viewed"]);
    expect(gateway.preflights()).toBe(0);
    expect(warnings).toEqual([]);
  });

  test("that has the script twice, and elements of its names, tracks once", async ({ createSite }) => {
    const { app, gateway, pages, open, stored } = await createSite();
    const script = `<script src="${gateway.url}/sdk/web.js"></script>`;
    pages.serve(
      "/twice",
      `<!doctype html><div id="Carillon"></div><form id="AppizerWeb"></form>${script}
       <script>AppizerWeb.init({ appId: "${app.appId}", autoEvents: true })</script>${script}
       <script>Carillon.trackEvent("tracked")</script>`,
    );
    const page = await open("/twice");
    expect(names(await stored(2, page)).sort()).toEqual(["page_viewed", "tracked"]);
  });

  test("in a frame without an origin works on, and is told that it may not send", async ({ createSite }) => {
    const { app, pages, open, until, warnings } = await createSite({
      options: "autoEvents: true",
      html: "<script>document.title = 'went on'</script>",
    });
    pages.serve("/frames", "<!doctype html><iframe sandbox='allow-scripts' src='/'></iframe>");
    const page = await open("/frames");
    await until(() => warnings.length, 1);
    expect(warnings[0]).toContain("ORIGIN_NOT_ALLOWED");
    expect(await page.frames()[1]!.title()).toBe("went on");
    expect(await app.events()).toEqual([]);
  });

  test("in whose storage others wrote under the SDK's names tracks as ever", async ({ createSite }) => {
    const { app, context, open, stored, until } = await createSite();
    const prefix = `carillon:${app.appId}:`;
    const future = { event_id: "of-tomorrow", user_id: "ada", event_name: "later", signals: [1], v: 9 };
    const found = {
      user: "",
      wait: "tomorrow",
      sending: "somebody forever",
      "event:": "{}},",
      "event:x": JSON.stringify({ properties: "x".repeat(70_000) }),
      "event:~": JSON.stringify(future),
    };
    await context.addInitScript(`for (const [key, text] of Object.entries(${JSON.stringify(found)}))
      if (!sessionStorage.wrote) localStorage["${prefix}" + key] = text;
      sessionStorage.wrote = true;`);
    const page = await open();
    await page.evaluate("AppizerWeb.trackEvent('own')");
    const events = await stored(2);
    expect(names(events).sort()).toEqual(["later", "own"]);
    expect(events.find(({ eventName }) => eventName === "own")?.appUserId).toMatch(/^web:/);
    await until(() => page.evaluate(`Object.keys(localStorage).filter((key) => key.includes(":event:"))`), []);
  });

  test("on a network that answers in the gateway's place keeps its events until it is the gateway", async ({
    createSite,
  }) => {
    const { gateway, open, stored, until } = await createSite();
    gateway.fail({ kind: "intercepted" });
    const page = await open();
    await page.evaluate("AppizerWeb.trackEvent('kept')");
    await until(() => gateway.sent.length > 1, true);
    gateway.fail(undefined);
    expect(names(await stored(1, page))).toEqual(["kept"]);
  });
});
