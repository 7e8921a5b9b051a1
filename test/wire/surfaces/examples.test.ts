import { readdir, readFile } from "node:fs/promises";
import { describe, expect, it, test } from "vitest";
import type { PushReport } from "../../../proto/gen/carillon/tracking/v1/tracking_service_pb.js";
import { KEYS } from "../gateway/fake-services.ts";
import { runGateway } from "../gateway/gateway-fixture.ts";
import { type Client, EXAMPLES, example, hasClient, runExample } from "./client-examples.ts";

const TRACKING_TOKEN = "0b9a4b80-5d2e-4c55-9d5f-3f6f1d0b7a11";
const here: Readonly<Record<Client, boolean>> = {
  curl: hasClient("curl"),
  php: hasClient("php"),
  python: hasClient("python"),
  node: true,
};

async function gateway() {
  const running = await runGateway();
  const reports: PushReport[] = [];
  running.services.tracking.reportPushes = (request) => {
    reports.push(...request.reports);
    return {};
  };
  return {
    ...running,
    reports,
    onlyEvent: () => onlyOf([...running.services.stored.values()]),
    onlyReport: () => onlyOf(reports),
  };
}

function onlyOf<T>(items: readonly T[]): T {
  expect(items).toHaveLength(1);
  return items[0]!;
}

test("every published example is run by a test, those for browsers in one", async () => {
  const files = await readdir(new URL("examples/", import.meta.url));
  expect(files.toSorted()).toEqual(EXAMPLES.map((name) => `${name}.txt`).toSorted());
  const tests = ["examples.test.ts", "../../browser/tracking.test.ts"];
  const sources = await Promise.all(tests.map((file) => readFile(new URL(file, import.meta.url), "utf8")));
  const source = sources.join("");
  expect(EXAMPLES.filter((name) => !source.includes(`"${name}"`))).toEqual([]);
});

describe("the published PushEngage examples", () => {
  const event = { sentAppUserId: "PROFILE_ID", eventName: "add_to_cart", surface: "pushengage" };
  const paramsJson = '{"product_name":"Running Shoes","price":99.99}';

  it.runIf(here.curl)("for curl", () => runs("curl", "pushengage-curl"));
  it.runIf(here.php)("for PHP", () => runs("php", "pushengage-php"));

  async function runs(client: Client, name: "pushengage-curl" | "pushengage-php"): Promise<void> {
    const { url, onlyEvent } = await gateway();
    const replaced = { "https://s2s.pushengage.com": url, YOUR_API_KEY: KEYS.server };
    const text = await example(name, replaced);
    expect(await runExample(client, text)).toBe('{"error_code":0,"data":{}}');
    expect(onlyEvent()).toMatchObject({ ...event, paramsJson });
  }

  it("for fetch", async () => {
    const { url, onlyEvent } = await gateway();
    const replaced = { "https://s2s.pushengage.com": url, YOUR_API_KEY: KEYS.server };
    expect(await runExample("node", await example("pushengage-fetch", replaced))).toBe("{ error_code: 0, data: {} }\n");
    expect(onlyEvent()).toMatchObject({ ...event, paramsJson });
  });

  it.runIf(here.curl)("print what is published for a missing and for a wrong key", async () => {
    const { url } = await gateway();
    const host = { "https://s2s.pushengage.com": url };
    const wrong = await runExample("curl", await example("pushengage-curl", host));
    expect(JSON.parse(wrong)).toMatchObject({ error: { code: 401000 } });
    const missing = await runExample("curl", await example("pushengage-curl", { ...host, YOUR_API_KEY: "" }));
    expect(JSON.parse(missing)).toMatchObject({ error: { code: 401002 } });
  });
});

describe("the published Appizer examples", () => {
  const replaced = (url: string) => ({ "https://api.appizer.com": url, YOUR_API_KEY: KEYS.server });
  const event = {
    sentAppUserId: "user_123",
    eventName: "purchase_completed",
    surface: "appizer",
    paramsJson: '{"amount":29.99,"currency":"USD","product_id":"premium_plan"}',
  };

  it("as a body", async () => {
    const { post, onlyEvent } = await gateway();
    const headers = { authorization: `Bearer ${KEYS.server}` };
    const response = await post("/v1/events", await example("appizer-json", {}), headers);
    expect(await response.text()).toBe(
      `{"success":true,"event_id":"evt_${onlyEvent().fingerprint}","message":"Event tracked successfully"}`,
    );
    const userAgent = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36";
    expect(onlyEvent()).toMatchObject({ ...event, ip: "192.168.1.1", userAgent });
  });

  it.runIf(here.curl)("for curl", async () => {
    const { url, onlyEvent } = await gateway();
    const printed = await runExample("curl", await example("appizer-curl", replaced(url)));
    const { fingerprint } = onlyEvent();
    expect(printed).toBe(`{"success":true,"event_id":"evt_${fingerprint}","message":"Event tracked successfully"}`);
    expect(onlyEvent()).toMatchObject(event);
  });

  it.runIf(here.python)("for Python", async () => {
    const { url, onlyEvent } = await gateway();
    const printed = await runExample("python", await example("appizer-python", replaced(url)));
    expect(printed).toBe(
      `{'success': True, 'event_id': 'evt_${onlyEvent().fingerprint}', 'message': 'Event tracked successfully'}\n`,
    );
    expect(onlyEvent()).toMatchObject(event);
  });

  it("for fetch", async () => {
    const { url, onlyEvent } = await gateway();
    const printed = await runExample("node", await example("appizer-fetch", replaced(url)));
    expect(printed).toContain("success: true");
    expect(printed).toContain(`event_id: 'evt_${onlyEvent().fingerprint}'`);
    expect(onlyEvent()).toMatchObject(event);
  });
});

describe("the published Altcraft requests", () => {
  const full = { provider: "android-firebase", subscriptionId: "subscriptionid", launchId: "launch_id", uid: "uid" };
  const special = {
    provider: "ios-apns",
    subscriptionId: "w4HFn8RPDFUi_2_4S_S_3___6.2NvyN8Hb67wmzJshM_6BuFTt",
    launchId: "2_4S_4HFn8RDhhmA",
    uid: "e|2_4S_4HFn8RDhhmA|w4HFn8RPDFUi_2_4S_S_3___6.2NvyN8Hb67wmzJshM_6BuFTt|ios-apns",
  };
  const inJson = '{"error":0,"error_text":"Successful operation"}';
  const inXml = "<xml><error>0</error><error_text>Successful operation</error_text></xml>";

  it.each<["altcraft-json" | "altcraft-xml" | "altcraft-uid-json" | "altcraft-uid-xml", string, object, string]>([
    ["altcraft-json", "application/json", full, inJson],
    ["altcraft-xml", "application/xml", full, inXml],
    ["altcraft-uid-json", "application/json", special, inJson],
    ["altcraft-uid-xml", "text/xml", special, inXml],
  ])("%s", async (...[name, type, push, answer]) => {
    const { post, onlyReport } = await gateway();
    const body = await example(name, { abcdefghijklmnqrstuvwxyz: KEYS.server });
    const response = await post("/api/v1.1/pushes/post_events", body, { "content-type": type });
    expect([response.status, await response.text()]).toEqual([200, answer]);
    expect(onlyReport().externalPush).toMatchObject(push);
    expect(onlyReport()).toHaveProperty("deliveredMs");
  });
});

describe("the published SmartAppPush examples", () => {
  const named = { "<tenant_id>": "t1", "<api_key>": KEYS.api };
  const inBodies = { your_tenant_id: "t1", your_app_api_key: KEYS.api };

  it.runIf(here.curl)("of an event, for curl", async () => {
    const { url, onlyEvent } = await gateway();
    const text = await example("smartapppush-event-curl", { "https://api.smartapppush.ai": url, ...named });
    const printed = await runExample("curl", text);
    expect(printed).toBe(`{"fingerprint":"${onlyEvent().fingerprint}"}`);
    expect(onlyEvent()).toMatchObject({
      eventName: "app_open",
      sentAppUserId: "user_123",
      timezone: "Europe/Amsterdam",
    });
  });

  it.each(["smartapppush-event-json", "smartapppush-page-event-json"] as const)(
    "of an event as a body: %s",
    async (name) => {
      const { post, onlyEvent } = await gateway();
      const response = await post("/events", await example(name, inBodies));
      expect(await response.json()).toEqual({ fingerprint: onlyEvent().fingerprint });
      expect(onlyEvent()).toMatchObject({ eventName: "purchase_completed", eventTime: "2026-03-29T11:30:00Z" });
    },
  );

  it.runIf(here.curl)("of an open, for curl", async () => {
    const { url, onlyReport } = await gateway();
    const replaced = { "https://api.smartapppush.ai": url, ...named };
    const token = { "<uuid_from_additional_data.tracking_token>": TRACKING_TOKEN };
    const printed = await runExample("curl", await example("smartapppush-opened-curl", { ...replaced, ...token }));
    expect(printed).toBe('{"success":true}');
    expect(onlyReport().trackingToken).toBe(TRACKING_TOKEN);
  });

  it("of an open as a body", async () => {
    const { post, onlyReport } = await gateway();
    const token = { "uuid-from-push-additional-data": TRACKING_TOKEN };
    const response = await post("/pushes/opened", await example("smartapppush-opened-json", { ...inBodies, ...token }));
    expect([response.status, await response.text()]).toEqual([200, '{"success":true}']);
    expect(onlyReport().trackingToken).toBe(TRACKING_TOKEN);
  });

  it("of an open from an app's notification handler", async () => {
    const { url, onlyReport } = await gateway();
    const method = await example("smartapppush-opened-fetch", { "https://api.smartapppush.ai": url });
    const app = `
      const SMARTAPPPUSH_TENANT = "t1", SMARTAPPPUSH_API_KEY = ${JSON.stringify(KEYS.api)};
      const navigateToScreen = (screen) => console.log(screen);
      const handler = { ${method} };
      handler.onNotificationOpened({ additionalData: { tracking_token: "${TRACKING_TOKEN}", screen: "home" } });`;
    expect(await runExample("node", app)).toBe("home\n");
    expect(onlyReport().trackingToken).toBe(TRACKING_TOKEN);
  });
});
