import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import type { PushReport } from "../../../proto/gen/carillon/tracking/v1/tracking_service_pb.js";
import { KEYS } from "../gateway/fake-services.ts";
import { runGateway } from "../gateway/gateway-fixture.ts";

const PATH = "/api/v1.1/pushes/post_events";
const XML = { "content-type": "application/xml" };
const full = {
  token: KEYS.server,
  events: 1,
  launch_id: 7,
  provider: "android-firebase",
  subscription_id: "s",
  uid: "u",
};
const external = { provider: "android-firebase", subscriptionId: "s", launchId: "7", uid: "u" };

async function altcraft() {
  const { post, services, clock } = await runGateway();
  const reports: PushReport[] = [];
  services.tracking.reportPushes = (request) => {
    reports.push(...request.reports);
    return {};
  };
  return {
    clock,
    reports,
    report: (body: unknown, headers: Record<string, string> = {}) => post(PATH, body, headers),
  };
}

function xml(fields: Readonly<Record<string, string | number>>): string {
  const elements = Object.entries(fields).map(([name, value]) => `<${name}>${value}</${name}>`);
  return `<?xml version="1.0" encoding="UTF-8"?>\n<xml>\n${elements.join("\n")}\n</xml>\n`;
}

describe("an accepted report", () => {
  it("is answered to the byte as published, in JSON and in XML", async () => {
    const { report } = await altcraft();
    const json = await report(full);
    expect(json.status).toBe(200);
    expect(json.headers.get("content-type")).toMatch(/^application\/json/);
    expect(await json.text()).toBe('{"error":0,"error_text":"Successful operation"}');
    for (const type of ["application/xml", "text/xml; charset=utf-8"]) {
      const answer = await report(xml(full), { "content-type": type });
      expect(answer.status).toBe(200);
      expect(answer.headers.get("content-type")).toMatch(/^application\/xml/);
      expect(await answer.text()).toBe("<xml><error>0</error><error_text>Successful operation</error_text></xml>");
    }
  });

  it.each<[string | number, object]>([
    [1, { delivered: true, opened: false }],
    ["2", { delivered: false, opened: true }],
    [3, { delivered: true, opened: true }],
    ["3", { delivered: true, opened: true }],
  ])("of events %j says what happened at its receipt", async (events, said) => {
    const { report, reports, clock } = await altcraft();
    for (const [body, headers] of [
      [{ ...full, events }, {}],
      [xml({ ...full, events }), XML],
    ] as const) {
      expect((await report(body, headers)).status).toBe(200);
    }
    expect(reports).toHaveLength(2);
    for (const { tenantId, appId, trackingToken, externalPush, deliveredMs, openedMs, receivedTimeMs } of reports) {
      expect({ tenantId, appId, trackingToken, receivedTimeMs }).toEqual({
        tenantId: "t1",
        appId: "app1",
        trackingToken: "",
        receivedTimeMs: clock.now(),
      });
      expect(externalPush).toMatchObject(external);
      expect({ delivered: deliveredMs === clock.now(), opened: openedMs === clock.now() }).toEqual(said);
    }
  });

  it("may leave to its uid what that tells, and what it says itself counts", async () => {
    const { report, reports } = await altcraft();
    const uid = "e|launch|sub|ios-apns";
    await report({ token: KEYS.server, events: 1, uid });
    await report({ token: KEYS.server, events: 1, uid, launch_id: "", provider: null, subscription_id: "other" });
    await report(`<xml><token>${KEYS.server}</token><events>1</events><uid>${uid}</uid></xml>`, XML);
    const told = { launchId: "launch", provider: "ios-apns", uid };
    expect(reports.map(({ externalPush }) => externalPush)).toMatchObject([
      { ...told, subscriptionId: "sub" },
      { ...told, subscriptionId: "other" },
      { ...told, subscriptionId: "sub" },
    ]);
  });

  it("names its launch by a number or by the same number as a text", async () => {
    const { report, reports } = await altcraft();
    await report({ ...full, launch_id: "7" });
    await report({ ...full, launch_id: 7.0 });
    expect(reports.map(({ externalPush }) => externalPush?.launchId)).toEqual(["7", "7"]);
  });

  it("may have its key in the header, may be compressed, and may spell XML in any way", async () => {
    const { report, reports } = await altcraft();
    const { token: _, ...body } = full;
    const authorization = `Bearer ${KEYS.server}`;
    expect((await report(body, { authorization })).status).toBe(200);
    expect((await report({ ...body, token: "" }, { authorization })).status).toBe(200);
    expect((await report(gzipSync(xml(full)), { ...XML, "content-encoding": "gzip" })).status).toBe(200);
    const spelled = `<!-- report --><xml a="1"><token><![CDATA[${KEYS.server}]]></token><events>&#49;</events>
      <launch_id> 7 </launch_id><provider>android&#x2D;firebase</provider><subscription_id>x<![CDATA[&amp;]]>&amp;&lt;&gt;&quot;&apos;</subscription_id>
      <uid>first</uid><uid>u</uid><more><a><b>1</b></a></more></xml>`;
    expect((await report(spelled, { authorization, ...XML })).status).toBe(200);
    expect(reports.at(-1)!.externalPush).toMatchObject({ ...external, subscriptionId: "x&amp;&<>\"'" });
  });
});

describe("a refused report", () => {
  const deep = JSON.parse(`${"[".repeat(17)}${"]".repeat(17)}`);

  it.each<[string, unknown, number, number, string]>([
    ["no token", { ...full, token: undefined }, 401, 4, "token"],
    ["a token of another type", { ...full, token: 5 }, 401, 4, "token"],
    ["a made-up token", { ...full, token: "x", events: 9 }, 401, 4, "token"],
    ["a public key", { ...full, token: KEYS.api }, 401, 4, "token"],
    ["a revoked key", { ...full, token: KEYS.revoked }, 401, 4, "token"],
    ["no events", { ...full, events: null }, 400, 2, "events"],
    ["no launch", { ...full, launch_id: "" }, 400, 2, "launch_id"],
    ["no provider", { ...full, provider: undefined }, 400, 2, "provider"],
    ["no subscription", { ...full, subscription_id: undefined, uid: "e|a|b" }, 400, 2, "subscription_id"],
    ["no uid", { ...full, uid: undefined }, 400, 2, "uid"],
    ["only a uid of another form", { token: KEYS.server, events: 1, uid: "e|a|b|c|d" }, 400, 2, "launch_id"],
    ["events out of the list", { ...full, events: 4 }, 400, 3, "events"],
    ["events that an object has", { ...full, events: "constructor" }, 400, 3, "events"],
    ["events with a zero", { ...full, events: "01" }, 400, 3, "events"],
    ["events of another type", { ...full, events: true }, 400, 3, "events"],
    ["half a launch", { ...full, launch_id: 1.5 }, 400, 3, "launch_id"],
    ["a launch beyond whole numbers", { ...full, launch_id: 2 ** 53 }, 400, 3, "launch_id"],
    ["a launch of another type", { ...full, launch_id: [] }, 400, 3, "launch_id"],
    ["a provider of another type", { ...full, provider: 1 }, 400, 3, "provider"],
    ["a subscription with a space", { ...full, subscription_id: "a b" }, 400, 3, "subscription_id"],
    ["a long uid", { ...full, uid: "u".repeat(1025) }, 400, 3, "uid"],
    ["a uid of another type", { ...full, uid: {} }, 400, 3, "uid"],
    ["broken JSON", "{", 400, 1, "JSON"],
    ["another JSON value", "[]", 400, 1, "object"],
    ["a forbidden key", '{"constructor":1}', 400, 1, "constructor"],
    ["depth", { ...full, more: deep }, 400, 1, "levels"],
  ])("says what is wrong with it: %s", async (...[, body, status, error, named]) => {
    const { report, reports } = await altcraft();
    const response = await report(body);
    expect(response.status).toBe(status);
    expect(await response.json()).toEqual({ error, error_text: expect.stringContaining(named) });
    expect(reports).toHaveLength(0);
  });

  const token = `<token>${KEYS.server}</token>`;
  it.each<[string, string | Uint8Array, number, number, string]>([
    ["no token", "<xml></xml>", 401, 4, "token"],
    ["no events", `<xml>${token}<events/></xml>`, 400, 2, "events"],
    ["events with elements", `<xml>${token}<events><a>1</a></events></xml>`, 400, 3, "events"],
    ["events out of the list", `<xml>${token}<events>&lt;9&gt;</events></xml>`, 400, 3, "&lt;9&gt;"],
    ["nothing", "", 400, 1, "body"],
    ["no XML", "hello", 400, 1, "body"],
    ["JSON", "{}", 400, 1, "body"],
    ["another root", "<report></report>", 400, 1, "body"],
    ["two roots", "<xml></xml><xml></xml>", 400, 1, "body"],
    ["an open element", `<xml>${token}`, 400, 1, "body"],
    ["text between fields", `<xml>text${token}</xml>`, 400, 1, "body"],
    ["a document type", `<!DOCTYPE xml><xml>${token}</xml>`, 400, 1, "document type"],
    [
      "entities of its own",
      `<!DOCTYPE xml [<!ENTITY e "1">]><xml>${token}<events>&e;</events></xml>`,
      400,
      1,
      "document type",
    ],
    ["an undeclared entity", `<xml>${token}<events>&e;</events></xml>`, 400, 1, "entity"],
    ["an entity of HTML", `<xml>${token}<uid>&nbsp;</uid></xml>`, 400, 1, "entity"],
    ["a reference to nothing", `<xml>${token}<uid>&#xD800;</uid></xml>`, 400, 1, "entity"],
    ["a reference to a control", `<xml>${token}<uid>&#0;</uid></xml>`, 400, 1, "entity"],
    ["a bare ampersand", `<xml>${token}<uid>a & b</uid></xml>`, 400, 1, "body"],
    ["controls", `<xml>${token}<uid>\u0001</uid></xml>`, 400, 1, "body"],
    ["another encoding", `<?xml version="1.0" encoding="ISO-8859-1"?><xml>${token}</xml>`, 400, 1, "ISO-8859-1"],
    ["bytes that are no UTF-8", new Uint8Array([0x3c, 0x78, 0xff]), 400, 1, "UTF-8"],
    ["a forbidden name", `<xml>${token}<__proto__>1</__proto__></xml>`, 400, 1, "body"],
    ["depth", `<xml>${token}${"<a>".repeat(18)}${"</a>".repeat(18)}</xml>`, 400, 1, "deep"],
    ["great depth", `${"<xml>".repeat(12_000)}`, 400, 1, "deep"],
  ])("says so in XML where it came in XML: %s", async (...[, body, status, error, named]) => {
    const { report, reports } = await altcraft();
    const response = await report(body, XML);
    expect(response.status).toBe(status);
    const text = await response.text();
    expect(text).toMatch(new RegExp(`^<xml><error>${error}</error><error_text>[^<]*</error_text></xml>$`));
    expect(text).toContain(named);
    expect(reports).toHaveLength(0);
  });

  it("may be as deep in XML as in JSON", async () => {
    const { report } = await altcraft();
    const nested = `${"<a>".repeat(17)}x${"</a>".repeat(17)}`;
    expect((await report(xml(full).replace("</xml>", `${nested}</xml>`), XML)).status).toBe(200);
    const sixteen = JSON.parse(`${"[".repeat(16)}"x"${"]".repeat(16)}`);
    expect((await report({ ...full, more: sixteen })).status).toBe(200);
  });

  it.each(["text/csv", "application/xml; charset=iso-8859-1", "application/x-www-form-urlencoded"])(
    "is not understood as %s",
    async (type) => {
      const { report } = await altcraft();
      const response = await report(full, { "content-type": type });
      expect(response.status).toBe(400);
      expect(await response.text()).toMatch(/"error":1|<error>1</);
    },
  );
});

describe("the format of an answer", () => {
  it.each<[string, Record<string, string>, string]>([
    ["JSON", { accept: "*/*" }, "json"],
    ["JSON", { accept: "application/xml" }, "xml"],
    ["JSON", { accept: "text/xml;q=0.9, application/json;q=0.1" }, "xml"],
    ["JSON", { accept: "text/html, application/xml;q=0.9, */*;q=0.8" }, "xml"],
    ["JSON", { accept: "text/plain" }, "json"],
    ["XML", { accept: "*/*" }, "xml"],
    ["XML", { accept: "application/json, text/plain, */*" }, "json"],
    ["XML", { accept: "application/json;q=0" }, "xml"],
    ["XML", { accept: "APPLICATION/JSON; charset=utf-8" }, "json"],
  ])("of a request in %s with %o is %s", async (format, headers, expected) => {
    const { report } = await altcraft();
    const [body, type] = format === "XML" ? [xml(full), "text/xml"] : [full, "application/json"];
    const response = await report(body, { "content-type": type, ...headers });
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toContain(expected);
  });

  it("holds for faults that have nothing to do with the body", async () => {
    const { post } = await runGateway();
    const response = await post("/api/v1.1/nowhere", "", { accept: "application/xml" });
    expect(response.status).toBe(404);
    expect(await response.text()).toMatch(/^<xml><error>8<\/error><error_text>[^<]+<\/error_text><\/xml>$/);
  });
});
