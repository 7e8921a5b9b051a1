import { createHmac } from "node:crypto";
import { describe, expect } from "vitest";
import { chromiumIsHere } from "./chromium.ts";
import { test } from "./lab.ts";

describe.runIf(chromiumIsHere).concurrent("a page of an app that requires signatures", () => {
  test("tracks its visitor without one, and the user that its backend has signed, on later visits too", async ({
    createSite,
  }) => {
    const { app, open, stored, warnings } = await createSite();
    const secret = await requireSignatures(app);
    const page = await open();
    await page.evaluate("AppizerWeb.trackEvent('visited')");
    await stored(1, page);
    await page.evaluate(`AppizerWeb.setUserId('zoë', '${sign("zoë", secret)}'); AppizerWeb.trackEvent('logged_in')`);
    await stored(2, page);
    await page.reload();
    await page.evaluate("AppizerWeb.trackEvent('came_back')");
    const users = new Map((await stored(3, page)).map(({ eventName, appUserId }) => [eventName, appUserId]));
    expect(users.get("visited")).toMatch(/^web:/);
    expect([users.get("logged_in"), users.get("came_back")]).toEqual(["zoë", "zoë"]);
    expect(warnings).toEqual([]);
  });

  test("stores nothing of a user whose signature is another's, absent or none, and tells its developer", async ({
    createSite,
  }) => {
    const { app, open, stored, until, nothingQueued, warnings } = await createSite();
    const secret = await requireSignatures(app);
    const page = await open();
    const track = (user: string, signature?: string) =>
      page.evaluate(
        ([id, signed]) => {
          const sdk = (globalThis as unknown as { AppizerWeb: { [method: string]: (...args: unknown[]) => void } })
            .AppizerWeb;
          sdk.setUserId!(id, signed);
          sdk.trackEvent!(`of_${id}`);
        },
        [user, signature] as const,
      );
    await track("eve", sign("ada", secret));
    await until(() => warnings.filter((text) => text.includes("is not the one of user_id")).length, 1);
    await track("bob");
    await until(() => warnings.filter((text) => text.includes("user_signature is required")).length, 1);
    await nothingQueued(page);
    await track("ada", sign("ada", secret));
    expect((await stored(1, page)).map(({ appUserId }) => appUserId)).toEqual(["ada"]);
    // What cannot be a signature is not even taken: the user stays who it was.
    await page.evaluate("AppizerWeb.setUserId('eve', 'no signature'); AppizerWeb.trackEvent('still')");
    expect((await stored(2, page)).map(({ appUserId }) => appUserId)).toEqual(["ada", "ada"]);
    expect(warnings.at(-1)).toContain("64 hex digits");
  });
});

interface App {
  call(method: string, request: object): Promise<Record<string, unknown>>;
}

/** Has the app require signatures; the secret that they are made with. */
async function requireSignatures({ call }: App): Promise<string> {
  const { secret } = await call("identity.v1.AppService/CreateIdentitySecret", {});
  await call("identity.v1.AppService/SetRequireUserSignature", { requireUserSignature: true });
  return secret as string;
}

/** As a backend signs, see docs/signed-identity.md. */
function sign(userId: string, secret: string): string {
  return createHmac("sha256", secret).update(userId, "utf8").digest("hex");
}
