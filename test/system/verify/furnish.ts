import type { AppCalls } from "../app-calls.ts";
import type { System } from "../system.ts";

const start = Date.UTC(2026, 10, 1);
const minute = 60_000;

/** An app with some of everything: an anonymous past, logins, a shared device, a refresh, hashes, an unlink, pushes. */
export async function furnish(shop: AppCalls, system: System): Promise<Record<string, string>> {
  const at = (n: number) => start + n * minute;
  const [past1, past2, past3] = await shop.ingest(
    { atMs: at(0), device: "phone" },
    { atMs: at(1), device: "phone" },
    { atMs: at(2), device: "phone" },
  );
  const [login] = await shop.ingest({ atMs: at(5), device: "phone", user: "ann" });
  const [middle] = await shop.ingest({ atMs: at(6), device: "phone", user: "ann" });
  await shop.ingest({ atMs: at(7), device: "phone", user: "ann" });
  const [hash] = await shop.ingest({ atMs: at(8), device: "phone", byHash: true });
  await shop.ingest({ atMs: at(9), device: "phone", user: "ann" });
  // Fay is there from before anybody else until after: one more event in between changes nothing of her profile.
  await shop.ingest({ atMs: at(-5), device: "watch", user: "fay" }, { atMs: at(40), device: "watch", user: "fay" });
  await shop.ingest({ atMs: at(10), device: "phone", user: "bob" }, { atMs: at(11), device: "phone", user: "bob" });
  await shop.ingest({ atMs: at(20), device: "phone", name: "logged_out", user: "bob" });
  const push = await shop.push({ atMs: at(1), device: "phone" });
  await shop.refresh("phone", "phone-2", at(30));
  await shop.ingest({ atMs: at(31), device: "phone-2" });
  await shop.ingest({ atMs: at(1), device: "pad" }, { atMs: at(2), device: "pad", user: "cyd" });
  await system.profiles.unlinkDevice({ ...shop.app, deviceToken: "pad", appUserId: "cyd" });
  await shop.ingest({ atMs: at(3), device: "never", byHash: true });
  await shop.ingest({ atMs: at(-60 * 24 * 40), receivedMs: at(1), device: "late", user: "dan" });
  const [bought] = await shop.ingest({
    atMs: at(4),
    device: "pad",
    user: "cyd",
    name: "bought",
    params: { price: 5, "a$.b": null },
  });
  const opened = await shop.push({ atMs: at(5), device: "pad", user: "cyd" });
  const refused = await shop.push({ atMs: at(5), device: "watch", user: "fay" });
  const ofApp = { ...shop.app, receivedTimeMs: at(50) };
  await system.tracking.reportPushes({ reports: [{ ...ofApp, trackingToken: opened, openedMs: at(6) }] });
  await system.pushes.reportDeliveries({ ...shop.app, reports: [{ trackingToken: refused, invalidToken: true }] });
  return { bought, opened, refused, past1, past2, past3, login, middle, hash, push } as Record<string, string>;
}
