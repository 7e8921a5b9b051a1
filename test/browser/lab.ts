import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BrowserContext } from "playwright-core";
import { test as base } from "vitest";
import { launchChromium, launchOnProfile } from "./chromium.ts";
import { startGatewayProcess } from "./gateway-process.ts";
import { createSite, type Site, type SiteOptions } from "./site.ts";

/** Sets up a web site for the running test, which goes with it. */
export type CreateSite = (options?: SiteOptions) => Promise<Site>;

/** A browser's profile that stays while browsers come and go. */
export interface Profile {
  readonly folder: string;
  /** Starts a browser on it. */
  launch(): Promise<BrowserContext>;
}

/** A test in a browser: one browser and one gateway serve all of them, each has sites with a browser profile of its own. */
export const test = base
  // biome-ignore lint/correctness/noEmptyPattern: how a fixture says that it needs no other
  .extend("gatewayProcess", { scope: "worker" }, async ({}, { onCleanup }) => {
    const gatewayProcess = await startGatewayProcess();
    onCleanup(() => gatewayProcess.stop());
    return gatewayProcess;
  })
  // biome-ignore lint/correctness/noEmptyPattern: how a fixture says that it needs no other
  .extend("browser", { scope: "worker" }, async ({}, { onCleanup }) => {
    const browser = await launchChromium();
    onCleanup(() => browser.close());
    return browser;
  })
  // biome-ignore lint/correctness/noEmptyPattern: how a fixture says that it needs no other
  .extend("profile", async ({}, { onCleanup }): Promise<Profile> => {
    const folder = await mkdtemp(join(tmpdir(), "carillon-profile-"));
    const launched: BrowserContext[] = [];
    onCleanup(async () => {
      for (const context of launched) await context.close();
      await rm(folder, { recursive: true });
    });
    return {
      folder,
      async launch() {
        const context = await launchOnProfile(folder);
        launched.push(context);
        return context;
      },
    };
  })
  .extend("createSite", async ({ browser, gatewayProcess }, { onCleanup }): Promise<CreateSite> => {
    const sites: Site[] = [];
    onCleanup(async () => {
      for (const site of sites) await site.close();
    });
    return async (options = {}) => {
      const context = options.context ?? (await browser.newContext());
      const site = await createSite({ ...options, context, gatewayProcess });
      sites.push(site);
      return site;
    };
  });
