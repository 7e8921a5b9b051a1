import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";

const PACKAGE = fileURLToPath(new URL("../../../sdk/web", import.meta.url));
const TSC = fileURLToPath(new URL("../../../node_modules/.bin/tsc", import.meta.url));
const STRICT = { strict: true, exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true, noEmit: true };

/** An application in TypeScript that uses everything; what is wrong in it is marked so, and has to be. */
const APPLICATION = `
import { AppizerWeb, Carillon, init, type InitOptions, reportPushOpened, setUserId, trackEvent, type WebSdk } from "@carillon/web";
import { reportNotificationClicks } from "@carillon/web/service-worker";

interface Purchase { amount: number; items: readonly string[]; coupon?: string }
const purchase: Purchase = { amount: 29.99, items: ["premium_plan"] };
const options: InitOptions = { appId: "app", autoEvents: true, autoHook: true, endpoint: "https://gateway.example" };
const sdk: WebSdk = Carillon === AppizerWeb ? Carillon : AppizerWeb;
init(options);
sdk.trackEvent("purchase_completed", purchase);
trackEvent("opened");
setUserId("user_123");
setUserId(null);
reportPushOpened("6ff40d6c-4a34-4c8d-8b9a-0f1c2f3a4b5c");
reportNotificationClicks({ endpoint: "https://gateway.example", tenantId: "t", apiKey: "k", trackingToken: () => undefined });
// @ts-expect-error appId is required
init({});
// @ts-expect-error properties are an object
trackEvent("opened", "text");
// @ts-expect-error ids are text
setUserId(7);
`;

test.each([
  ["nodenext", "nodenext"],
  ["bundler", "esnext"],
])("the package's types are those of its users under strict, resolved as %s", (moduleResolution, module) => {
  const folder = mkdtempSync(join(tmpdir(), "carillon-types-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  mkdirSync(join(folder, "node_modules/@carillon"), { recursive: true });
  symlinkSync(PACKAGE, join(folder, "node_modules/@carillon/web"));
  const compilerOptions = { ...STRICT, module, moduleResolution, target: "es2022", types: [] };
  writeFileSync(join(folder, "package.json"), JSON.stringify({ type: "module" }));
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, files: ["application.ts"] }));
  writeFileSync(join(folder, "application.ts"), APPLICATION);
  expect(spawnSync(TSC, ["-p", folder], { encoding: "utf8" })).toMatchObject({ stdout: "", stderr: "", status: 0 });
});
