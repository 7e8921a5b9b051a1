import type { Browser, BrowserContext, Page } from "playwright-core";
import { expect, onTestFinished } from "vitest";
import { type FaultyGateway, startFaultyGateway } from "./faulty-gateway.ts";
import type { GatewayProcess, StoredEvent, TestApp } from "./gateway-process.ts";
import { type PageServer, startPageServer } from "./page-server.ts";

/** How long a condition may take to come true before a test gives up, in milliseconds; nothing is measured by it. */
const PATIENCE_MS = 30_000;
/** Keys under which the SDK keeps what is not sent yet. */
const QUEUED = "Object.keys(localStorage).filter((key) => /^carillon:.*:(event|open):/.test(key)).length";

/** A web site with the SDK, its app and a browser that visits it. */
export interface Site {
  readonly app: TestApp;
  readonly gateway: FaultyGateway;
  readonly pages: PageServer;
  readonly context: BrowserContext;
  /** What the SDK said on the pages' consoles; the browser itself adds what failed to load. */
  readonly warnings: readonly string[];
  /** Opens a tab. */
  open(path?: string, origin?: string): Promise<Page>;
  /** Waits until this many events are stored and nothing waits in the page any more; answers them. */
  stored(count: number, page?: Page): Promise<StoredEvent[]>;
}

export interface SiteOptions {
  readonly browser: Browser;
  readonly gatewayProcess: GatewayProcess;
  /** Options of `init` beyond the app's id, as JavaScript. */
  readonly options?: string;
  /** What the page has beside the SDK. */
  readonly html?: string;
  /** A browser of its own, such as one on a profile that stays. */
  readonly context?: BrowserContext;
}

/** Sets up a site of its own for the running test. */
export async function createSite({
  browser,
  gatewayProcess,
  options = "",
  html = "",
  context: own,
}: SiteOptions): Promise<Site> {
  const pages = await startPageServer();
  const gateway = await startFaultyGateway(gatewayProcess.url);
  const app = await gatewayProcess.createApp([pages.origin]);
  const context = own ?? (await browser.newContext());
  onTestFinished(async () => {
    await context.close();
    await Promise.all([gateway.close(), pages.close()]);
  });
  const warnings: string[] = [];
  context.on("console", (message) => message.text().startsWith("[Carillon]") && warnings.push(message.text()));
  pages.serve(
    "/",
    `<!doctype html><title>Site</title><script src="${gateway.url}/sdk/web.js"></script>
     <script>AppizerWeb.init({ appId: "${app.appId}", ${options} })</script>${html}`,
  );
  return {
    app,
    gateway,
    pages,
    context,
    warnings,
    async open(path = "/", origin = pages.origin) {
      const page = await context.newPage();
      await page.goto(`${origin}${path}`);
      return page;
    },
    async stored(count, page) {
      await until(async () => (await app.events()).length, count);
      if (page !== undefined) await nothingQueued(page);
      return app.events();
    },
  };
}

/** Waits until nothing waits to be sent in a page's browser. */
export async function nothingQueued(page: Page): Promise<void> {
  await until(() => page.evaluate<number>(QUEUED), 0);
}

/** What waits to be sent in a page's browser. */
export function queued(page: Page): Promise<number> {
  return page.evaluate<number>(QUEUED);
}

/** Waits until a value is as expected. */
export async function until<T>(value: () => T | Promise<T>, expected: T): Promise<void> {
  await expect.poll(value, { timeout: PATIENCE_MS, interval: 20 }).toEqual(expected);
}

/** Names of events. */
export function names(events: readonly StoredEvent[]): string[] {
  return events.map(({ eventName }) => eventName);
}
