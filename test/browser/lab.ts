import type { Browser } from "playwright-core";
import { afterAll, beforeAll } from "vitest";
import { launchChromium } from "./chromium.ts";
import { type GatewayProcess, startGatewayProcess } from "./gateway-process.ts";
import { createSite, type Site, type SiteOptions } from "./site.ts";

/** Has a browser and a gateway run during the tests of a block; answers what sets up a site for one of them. */
export function useLab(): (options?: Omit<SiteOptions, "browser" | "gatewayProcess">) => Promise<Site> {
  let gatewayProcess: GatewayProcess | undefined;
  let browser: Browser | undefined;

  beforeAll(async () => {
    gatewayProcess = await startGatewayProcess();
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser?.close();
    await gatewayProcess?.stop();
  });
  return (options = {}) => createSite({ browser: browser!, gatewayProcess: gatewayProcess!, ...options });
}
