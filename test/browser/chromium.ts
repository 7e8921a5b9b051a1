import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { env, stderr } from "node:process";
import { type Browser, type BrowserContext, chromium } from "playwright-core";

const NAMES = ["chromium", "chromium-browser", "google-chrome"];
const LAUNCH_OPTIONS = {
  headless: true,
  chromiumSandbox: false,
  // Pages come back as they do for users.
  ignoreDefaultArgs: ["--disable-back-forward-cache"],
  args: [
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
  ],
};

const executablePath = findChromium();
/** Whether a Chromium can be had here. */
export const chromiumIsHere = executablePath !== undefined;
if (!chromiumIsHere) stderr.write(`skipped: the Web SDK in a browser; put ${NAMES.join(" or ")} on PATH to have it\n`);

function findChromium(): string | undefined {
  const folders = (env.PATH ?? "").split(delimiter).filter((folder) => folder !== "");
  return folders.flatMap((folder) => NAMES.map((name) => join(folder, name))).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Starts the browser on a profile of its own, which goes with it. */
export function launchChromium(): Promise<Browser> {
  return chromium.launch({ ...LAUNCH_OPTIONS, executablePath: executablePath! });
}

/** Starts the browser on a profile that stays. */
export function launchOnProfile(folder: string): Promise<BrowserContext> {
  return chromium.launchPersistentContext(folder, { ...LAUNCH_OPTIONS, executablePath: executablePath! });
}
