import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { describe, expect } from "vitest";
import { chromiumIsHere } from "./chromium.ts";
import { test } from "./lab.ts";
import { names, queued } from "./site.ts";

/** Tracks events named `prefix_0`, `prefix_1` … at once. */
function trackMany(page: Page, prefix: string, count: number): Promise<void> {
  return page.evaluate(`for (let at = 0; at < ${count}; at++) AppizerWeb.trackEvent("${prefix}_" + at)`);
}

function numbered(prefix: string, count: number): string[] {
  return Array.from({ length: count }, (_, at) => `${prefix}_${at}`);
}

/** Whether a browser has written a text that a page stores to its profile. */
async function isOnDisk(profile: string, text: string): Promise<boolean> {
  const folder = join(profile, "Default", "Local Storage", "leveldb");
  const files = await Promise.all((await readdir(folder)).map((name) => readFile(join(folder, name), "latin1")));
  return files.some((content) => content.includes(text));
}

describe.runIf(chromiumIsHere).concurrent("every event is stored exactly once", () => {
  test("when the browser is offline and online again, with the times at which things happened", async ({
    createSite,
  }) => {
    const { app, context, open, stored, until } = await createSite();
    const page = await open();
    await context.setOffline(true);
    const before = await page.evaluate<number>("Date.now()");
    await trackMany(page, "offline", 3);
    const after = await page.evaluate<number>("Date.now()");
    await until(() => queued(page), 3);
    expect(await app.events()).toEqual([]);
    await context.setOffline(false);
    const events = await stored(3, page);
    expect(names(events).sort()).toEqual(numbered("offline", 3));
    for (const { eventTime } of events) {
      expect(Date.parse(eventTime)).toBeGreaterThanOrEqual(before);
      expect(Date.parse(eventTime)).toBeLessThanOrEqual(after);
    }
  });

  test("when the tab is closed with events queued", async ({ createSite }) => {
    const { open, stored } = await createSite();
    const page = await open();
    // The second one waits for its turn when the tab goes, and no other tab is there to send it.
    await page.evaluate("AppizerWeb.trackEvent('sent')");
    await stored(1, page);
    await page.evaluate("AppizerWeb.trackEvent('queued')");
    await page.close({ runBeforeUnload: true });
    expect(names(await stored(2)).sort()).toEqual(["queued", "sent"]);
  });

  test.for([
    ["has keepalive requests", ""],
    ["has only beacons", "delete Request.prototype.keepalive"],
  ])(
    "when the page is left by a link at the moment of the event, in a browser that %s",
    async ([, script], { createSite }) => {
      const html = "<a href='/plain' onclick=\"AppizerWeb.trackEvent('left')\">go</a>";
      const { context, pages, open, stored, nothingQueued } = await createSite({ html });
      await context.addInitScript(script!);
      pages.serve("/plain", "<!doctype html>no SDK here");
      const page = await open();
      await page.evaluate("AppizerWeb.trackEvent('sent')");
      await stored(1, page);
      await Promise.all([page.waitForURL("**/plain"), page.click("a")]);
      expect(names(await stored(2)).sort()).toEqual(["left", "sent"]);
      await page.goto(pages.origin);
      await nothingQueued(page);
      expect(names(await stored(2)).sort()).toEqual(["left", "sent"]);
    },
  );

  test("when the tab is closed and the browser ended while nothing could be sent", async ({ profile, createSite }) => {
    const first = await profile.launch();
    const { app, gateway, pages, open, until } = await createSite({ context: first, isInRealTime: true });
    gateway.fail({ kind: "refused" });
    const page = await open();
    await trackMany(page, "kept", 3);
    await until(() => queued(page), 3);
    await page.close();
    // Chromium writes what pages store some seconds later, and not always before it ends.
    await until(() => isOnDisk(profile.folder, "kept_2"), true);
    await first.close();
    gateway.fail(undefined);
    const second = await profile.launch();
    const again = await second.newPage();
    await again.goto(pages.origin);
    await until(() => queued(again), 0);
    expect(names(await app.events()).sort()).toEqual(numbered("kept", 3));
  });

  test("when two tabs track at once, and none of them is sent twice", async ({ createSite }) => {
    const { gateway, open, stored } = await createSite({ isInRealTime: true });
    const [one, other] = [await open(), await open()];
    await Promise.all([trackMany(one, "one", 60), trackMany(other, "other", 60)]);
    const events = await stored(120, one);
    expect(names(events).sort()).toEqual([...numbered("one", 60), ...numbered("other", 60)].sort());
    const ids = gateway.sentEventIds();
    expect(ids.length).toBe(120);
    expect(new Set(ids).size).toBe(120);
  });

  test("when two tabs track at once in a browser without the Web Locks API", async ({ createSite }) => {
    const { context, open, stored } = await createSite();
    await context.addInitScript("Object.defineProperty(navigator, 'locks', { value: undefined })");
    const [one, other] = [await open(), await open()];
    await Promise.all([trackMany(one, "one", 60), trackMany(other, "other", 60)]);
    const events = await stored(120, one);
    expect(names(events).sort()).toEqual([...numbered("one", 60), ...numbered("other", 60)].sort());
  });

  test("when a tab is closed, by another tab that is still open", async ({ createSite }) => {
    const { gateway, open, stored, until } = await createSite();
    const [one, other] = [await open(), await open()];
    gateway.fail({ kind: "refused" });
    await trackMany(one, "left_behind", 2);
    await until(() => queued(other), 2);
    await one.close();
    gateway.fail(undefined);
    await other.evaluate("AppizerWeb.trackEvent('own')");
    expect(names(await stored(3, other)).sort()).toEqual([...numbered("left_behind", 2), "own"]);
  });

  test("when the gateway is overloaded and recovers, and it is left alone for as long as it asks", async ({
    createSite,
  }) => {
    const { gateway, open, stored, until } = await createSite({ isInRealTime: true });
    gateway.fail({ kind: "overloaded", retryAfterSeconds: 1 });
    const page = await open();
    await trackMany(page, "patient", 3);
    await until(() => gateway.sent.length, 1);
    // Neither another event nor another page makes it any sooner.
    await page.reload();
    await page.evaluate("AppizerWeb.trackEvent('later')");
    await until(() => gateway.sent.length, 2);
    gateway.fail(undefined);
    expect(names(await stored(4, page)).sort()).toEqual(["later", ...numbered("patient", 3)]);
    const [first, second, third] = gateway.sent;
    for (const [earlier, after] of [
      [first, second],
      [second, third],
    ]) {
      expect(after!.arrivedMs - earlier!.answeredMs!).toBeGreaterThanOrEqual(1_000);
    }
  });

  test("when connections break before the gateway has the events, and before it can say that it has", async ({
    createSite,
  }) => {
    const { app, gateway, open, stored, until, nothingQueued } = await createSite();
    gateway.fail({ kind: "refused" });
    const page = await open();
    await trackMany(page, "twice", 3);
    await until(() => gateway.sent.length, 2);
    gateway.fail({ kind: "answer_lost" });
    await until(() => app.events().then((events) => events.length), 3);
    gateway.fail(undefined);
    await nothingQueued(page);
    expect(names(await stored(3, page)).sort()).toEqual(numbered("twice", 3));
    expect(gateway.sentEventIds().length).toBeGreaterThanOrEqual(9);
  });

  test("when the user blocks storage", async ({ profile, createSite }) => {
    // What the browser's own setting "block all cookies" writes.
    const blocked = { profile: { default_content_setting_values: { cookies: 2 } } };
    await mkdir(join(profile.folder, "Default"));
    await writeFile(join(profile.folder, "Default", "Preferences"), JSON.stringify(blocked));
    const { open, stored, until, gateway } = await createSite({
      context: await profile.launch(),
      options: "autoEvents: true",
    });
    const page = await open();
    expect(
      await page.evaluate("(() => { try { return localStorage.length } catch (error) { return error.name } })()"),
    ).toBe("SecurityError");
    await page.evaluate("AppizerWeb.trackEvent('clicked')");
    const events = await stored(2);
    expect(names(events).sort()).toEqual(["clicked", "page_viewed"]);
    expect(new Set(events.map(({ appUserId }) => appUserId)).size).toBe(1);
    gateway.fail({ kind: "refused" });
    await page.evaluate("AppizerWeb.trackEvent('in_memory')");
    await until(() => gateway.sent.some(({ body }) => body.includes("in_memory")), true);
    gateway.fail(undefined);
    expect(names(await stored(3)).sort()).toEqual(["clicked", "in_memory", "page_viewed"]);
  });

  test("when storage is full", async ({ createSite }) => {
    const { open, stored } = await createSite();
    const page = await open();
    await page.evaluate(`
      for (let size = 2 ** 22; size >= 1; size /= 2)
        for (let at = 0; ; at++) try { localStorage.setItem("site" + size + "_" + at, "x".repeat(size)) } catch { break }
    `);
    await trackMany(page, "full", 3);
    const events = await stored(3);
    expect(names(events).sort()).toEqual(numbered("full", 3));
    expect(new Set(events.map(({ appUserId }) => appUserId)).size).toBe(1);
  });

  test("up to a bound: of more than that the newest wait, and the page's developers are told", async ({
    createSite,
  }) => {
    const { context, open, until, warnings } = await createSite();
    const page = await open();
    await context.setOffline(true);
    await page.evaluate(
      "for (let at = 0; at < 30; at++) AppizerWeb.trackEvent('large_' + at, { text: 'x'.repeat(30_000) })",
    );
    const waiting = await page.evaluate<string[]>(
      "Object.keys(localStorage).filter((key) => key.includes(':event:')).sort().map((key) => JSON.parse(localStorage[key]).event_name)",
    );
    expect(waiting.length).toBeGreaterThan(10);
    expect(waiting).toEqual(numbered("large", 30).slice(-waiting.length));
    await until(() => warnings.length > 0, true);
    expect(warnings[0]).toContain("dropped");
  });
});
