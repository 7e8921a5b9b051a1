import type { BrowserContext, Page } from "playwright-core";
import { expect, vi } from "vitest";
import { type FaultyGateway, startFaultyGateway } from "./faulty-gateway.ts";
import type { GatewayProcess, StoredEvent, TestApp } from "./gateway-process.ts";
import { type PageServer, startPageServer } from "./page-server.ts";

/** How long a condition may take to come true before a test gives up, in milliseconds; nothing is measured by it. */
const PATIENCE_MS = 30_000;
/** How often a condition is looked at, and by how much the pages' clocks are set forward meanwhile, in milliseconds. */
const LOOK_MS = 50;
const FORWARD_MS = 500;
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
  /** Waits until a value is as expected, while time passes quickly in the pages. */
  until<T>(value: () => T | Promise<T>, expected: T): Promise<void>;
  /** Waits until this many events are stored and nothing waits in the page any more; answers them. */
  stored(count: number, page?: Page): Promise<StoredEvent[]>;
  /** Waits until nothing waits to be sent in a page's browser. */
  nothingQueued(page: Page): Promise<void>;
  close(): Promise<void>;
}

export interface SiteOptions {
  /** Options of `init` beyond the app's id, as JavaScript. */
  readonly options?: string;
  /** What the page has beside the SDK. */
  readonly html?: string;
  /** A browser of its own, such as one on a profile that stays. */
  readonly context?: BrowserContext;
  /** Time passes in the pages as it does outside. */
  readonly isInRealTime?: boolean;
}

/** Sets up a site. */
export async function createSite({
  context,
  gatewayProcess,
  options = "",
  html = "",
  isInRealTime = false,
}: SiteOptions & { readonly context: BrowserContext; readonly gatewayProcess: GatewayProcess }): Promise<Site> {
  const pages = await startPageServer();
  const gateway = await startFaultyGateway(gatewayProcess.url);
  const app = await gatewayProcess.createApp([pages.origin]);
  if (!isInRealTime) await context.clock.install();
  const warnings: string[] = [];
  context.on("console", (message) => message.text().startsWith("[Carillon]") && warnings.push(message.text()));
  pages.serve(
    "/",
    `<!doctype html><title>Site</title><script src="${gateway.url}/sdk/web.js"></script>
     <script>AppizerWeb.init({ appId: "${app.appId}", ${options} })</script>${html}`,
  );

  async function until<T>(value: () => T | Promise<T>, expected: T): Promise<void> {
    await vi.waitFor(
      async () => {
        if (!isInRealTime) await context.clock.runFor(FORWARD_MS);
        expect(await value()).toEqual(expected);
      },
      { timeout: PATIENCE_MS, interval: LOOK_MS },
    );
  }
  const nothingQueued = (page: Page) => until(() => queued(page), 0);

  return {
    app,
    gateway,
    pages,
    context,
    warnings,
    until,
    nothingQueued,
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
    async close() {
      await context.close();
      await Promise.all([gateway.close(), pages.close()]);
    },
  };
}

/** What waits to be sent in a page's browser. */
export function queued(page: Page): Promise<number> {
  return page.evaluate<number>(QUEUED);
}

/** Names of events. */
export function names(events: readonly StoredEvent[]): string[] {
  return events.map(({ eventName }) => eventName);
}
