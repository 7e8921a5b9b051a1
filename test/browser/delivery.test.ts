import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { describe, expect, onTestFinished, test } from "vitest";
import { chromiumIsHere, launchOnProfile } from "./chromium.ts";
import { useLab } from "./lab.ts";
import { names, nothingQueued, queued, until } from "./site.ts";

/** A folder for a browser's profile. */
async function profileFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "carillon-profile-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Tracks events named `prefix_0`, `prefix_1` … at once. */
function trackMany(page: Page, prefix: string, count: number): Promise<void> {
  return page.evaluate(`for (let at = 0; at < ${count}; at++) AppizerWeb.trackEvent("${prefix}_" + at)`);
}

function numbered(prefix: string, count: number): string[] {
  return Array.from({ length: count }, (_, at) => `${prefix}_${at}`);
}

describe.runIf(chromiumIsHere)("every event is stored exactly once", () => {
  const createSite = useLab();

  test("when the browser is offline and online again, with the times at which things happened", async () => {
    const { app, context, open, stored } = await createSite();
    const page = await open();
    await context.setOffline(true);
    const before = Date.now();
    await trackMany(page, "offline", 3);
    const after = Date.now();
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

  test("when the tab is closed with events queued", async () => {
    const { open, stored } = await createSite();
    const page = await open();
    // The second one waits for its turn when the tab goes, and no other tab is there to send it.
    await page.evaluate("AppizerWeb.trackEvent('sent')");
    await stored(1, page);
    await page.evaluate("AppizerWeb.trackEvent('queued')");
    await page.close({ runBeforeUnload: true });
    expect(names(await stored(2)).sort()).toEqual(["queued", "sent"]);
  });

  test.each([
    ["has keepalive requests", ""],
    ["has only beacons", "delete Request.prototype.keepalive"],
  ])("when the page is left by a link at the moment of the event, in a browser that %s", async (_, script) => {
    const html = "<a href='/plain' onclick=\"AppizerWeb.trackEvent('left')\">go</a>";
    const { context, pages, open, stored } = await createSite({ html });
    await context.addInitScript(script);
    pages.serve("/plain", "<!doctype html>no SDK here");
    const page = await open();
    await page.evaluate("AppizerWeb.trackEvent('sent')");
    await stored(1, page);
    await Promise.all([page.waitForURL("**/plain"), page.click("a")]);
    expect(names(await stored(2)).sort()).toEqual(["left", "sent"]);
    await page.goto(pages.origin);
    await nothingQueued(page);
    expect(names(await stored(2)).sort()).toEqual(["left", "sent"]);
  });

  test("when the tab is closed and the browser ended while nothing could be sent", async () => {
    const folder = await profileFolder();
    const first = await launchOnProfile(folder);
    const { gateway, pages, open } = await createSite({ context: first });
    gateway.fail({ kind: "refused" });
    const page = await open();
    await trackMany(page, "kept", 3);
    await until(() => queued(page), 3);
    await first.close();
    gateway.fail(undefined);
    const second = await launchOnProfile(folder);
    const again = await second.newPage();
    await again.goto(pages.origin);
    await nothingQueued(again);
    await second.close();
    expect([...new Set(gateway.sentEventIds())].length).toBe(3);
  });

  test("when two tabs track at once, and none of them is sent twice", async () => {
    const { gateway, open, stored } = await createSite();
    const [one, other] = [await open(), await open()];
    await Promise.all([trackMany(one, "one", 60), trackMany(other, "other", 60)]);
    const events = await stored(120, one);
    expect(names(events).sort()).toEqual([...numbered("one", 60), ...numbered("other", 60)].sort());
    const ids = gateway.sentEventIds();
    expect(ids.length).toBe(120);
    expect(new Set(ids).size).toBe(120);
  });

  test("when two tabs track at once in a browser without the Web Locks API", async () => {
    const { context, open, stored } = await createSite();
    await context.addInitScript("Object.defineProperty(navigator, 'locks', { value: undefined })");
    const [one, other] = [await open(), await open()];
    await Promise.all([trackMany(one, "one", 60), trackMany(other, "other", 60)]);
    const events = await stored(120, one);
    expect(names(events).sort()).toEqual([...numbered("one", 60), ...numbered("other", 60)].sort());
  });

  test("when a tab is closed, by another tab that is still open", async () => {
    const { gateway, open, stored } = await createSite();
    const [one, other] = [await open(), await open()];
    gateway.fail({ kind: "refused" });
    await trackMany(one, "left_behind", 2);
    await until(() => queued(other), 2);
    await one.close();
    gateway.fail(undefined);
    await other.evaluate("AppizerWeb.trackEvent('own')");
    expect(names(await stored(3, other)).sort()).toEqual([...numbered("left_behind", 2), "own"]);
  });

  test("when the gateway is overloaded and recovers, and it is left alone for as long as it asks", async () => {
    const { gateway, open, stored } = await createSite();
    gateway.fail({ kind: "overloaded", retryAfterSeconds: 2 });
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
      expect(after!.arrivedMs - earlier!.answeredMs!).toBeGreaterThanOrEqual(2_000);
    }
  });

  test("when connections break before the gateway has the events, and before it can say that it has", async () => {
    const { app, gateway, open, stored } = await createSite();
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

  test("when the user blocks storage", async () => {
    const folder = await profileFolder();
    // What the browser's own setting "block all cookies" writes.
    const blocked = { profile: { default_content_setting_values: { cookies: 2 } } };
    await mkdir(join(folder, "Default"));
    await writeFile(join(folder, "Default", "Preferences"), JSON.stringify(blocked));
    const { open, stored, gateway } = await createSite({
      context: await launchOnProfile(folder),
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

  test("when storage is full", async () => {
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

  test("up to a bound: of more than 1,000 the newest wait, and the page's developers are told", async () => {
    const { context, open, warnings } = await createSite();
    const page = await open();
    await context.setOffline(true);
    await trackMany(page, "many", 1_003);
    expect(await queued(page)).toBe(1_000);
    const oldest = await page.evaluate(
      "JSON.parse(localStorage[Object.keys(localStorage).filter((key) => key.includes(':event:')).sort()[0]]).event_name",
    );
    expect(oldest).toBe("many_3");
    await until(() => warnings.length > 0, true);
    expect(warnings[0]).toContain("1000 events wait");
  });
});
