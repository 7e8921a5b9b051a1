import { describe, expect, it } from "vitest";
import type { OpenApi } from "../../../../gateway/docs/open-api.ts";
import { apiPage } from "../../../../gateway/docs/page.ts";
import { openApiDocument, SECTIONS } from "../../../../gateway/openapi/document.ts";
import { chromiumIsHere, launchChromium } from "../../../browser/chromium.ts";
import { runGateway } from "../../../wire/gateway/gateway-fixture.ts";

const document = JSON.parse(JSON.stringify(openApiDocument())) as OpenApi;
const operations = SECTIONS.flatMap((section) => section.operations);

describe("GET /openapi.json", () => {
  it("is the document, for programs on pages of any origin", async () => {
    const { url } = await runGateway();
    const answer = await fetch(`${url}/openapi.json`);
    expect([answer.status, answer.headers.get("content-type")]).toEqual([200, "application/json; charset=utf-8"]);
    expect(answer.headers.get("access-control-allow-origin")).toBe("*");
    expect(answer.headers.get("cache-control")).toBe("public, max-age=300");
    expect(await answer.json()).toEqual(document);
  });

  it("names the host that it is read from, whichever that is", async () => {
    const { url } = await runGateway();
    const { servers } = (await (await fetch(`${url}/openapi.json`)).json()) as { servers: { url: string }[] };
    expect(servers.map((server) => new URL(server.url, `${url}/openapi.json`).href)).toEqual([`${url}/`]);
  });

  it("is not sent again to a reader that has it, nor by HEAD, nor to other methods", async () => {
    const { url } = await runGateway();
    for (const path of ["/openapi.json", "/docs"]) {
      const etag = (await fetch(`${url}${path}`)).headers.get("etag") ?? "";
      const again = await fetch(`${url}${path}`, { headers: { "if-none-match": etag } });
      expect([again.status, await again.text()]).toEqual([304, ""]);
      const head = await fetch(`${url}${path}`, { method: "HEAD" });
      expect([head.status, await head.text()]).toEqual([200, ""]);
      const post = await fetch(`${url}${path}`, { method: "POST", body: "{}" });
      expect([post.status, post.headers.get("allow")]).toEqual([405, "GET, HEAD, OPTIONS"]);
    }
  });

  it("describes every public endpoint that the gateway serves", async () => {
    const { url } = await runGateway();
    for (const { path, method } of operations) {
      const answer = await fetch(`${url}${path}`, { method: "OPTIONS" });
      expect([path, answer.status]).toEqual([path, 204]);
      expect(answer.headers.get("allow")).toContain(method.toUpperCase());
    }
  });
});

describe("GET /docs", () => {
  it("is a page that may load nothing from elsewhere", async () => {
    const { url } = await runGateway();
    const answer = await fetch(`${url}/docs`);
    expect(answer.headers.get("content-type")).toBe("text/html; charset=utf-8");
    expect(answer.headers.get("content-security-policy")).toContain("default-src 'self';");
    expect(answer.headers.get("x-content-type-options")).toBe("nosniff");
    const page = await answer.text();
    const links = [...page.matchAll(/\b(?:src|href)="([^"#][^"]*)"/g)].map((match) => match[1]!);
    for (const link of links.filter((each) => each !== "data:,")) {
      expect(link).toMatch(/^\/(?!\/)/);
      expect([link, (await fetch(`${url}${link}`)).status]).toEqual([link, 200]);
    }
    expect(page).not.toMatch(/\sstyle="|<style|<script>|\son\w+="/);
  });

  it("shows every endpoint, field and example, and leads to each", () => {
    const page = apiPage(document);
    const text = page
      .replaceAll(/<[^>]+>/g, "")
      .replaceAll("&quot;", '"')
      .replaceAll("&lt;", "<")
      .replaceAll("&gt;", ">");
    const ids = [...page.matchAll(/\bid="([^"]+)"/g)].map((match) => match[1]!);
    expect(new Set(ids).size).toBe(ids.length);
    for (const [, target] of page.matchAll(/href="#([^"]+)"/g)) expect(ids).toContain(target);
    for (const { path, exchanges } of operations) {
      expect(text).toContain(path);
      for (const { summary } of exchanges) expect(text).toContain(summary);
    }
    for (const { properties = {} } of Object.values(document.components.schemas)) {
      for (const field of Object.keys(properties)) expect(page).toContain(`<code>${field}</code>`);
    }
    expect(page).not.toContain("undefined");
  });

  it("shows whatever the document says as text", () => {
    const hostile = '<img src=x onerror="alert(1)">';
    const info = { ...document.info, title: hostile, description: hostile };
    const page = apiPage({ ...document, info });
    expect(page).not.toContain("<img");
    expect(page).toContain("&lt;img src=x onerror=&quot;alert(1)&quot;&gt;");
  });
});

describe.runIf(chromiumIsHere)("the API page in a browser", () => {
  it("works with nothing but this server, fits a phone, and is dark for those who want it", async () => {
    const { url } = await runGateway();
    const browser = await launchChromium();
    try {
      const seen = new Map<string, string>();
      for (const colorScheme of ["light", "dark"] as const) {
        const page = await browser.newPage({ viewport: { width: 360, height: 740 }, colorScheme });
        const complaints: string[] = [];
        page.on("console", (message) => complaints.push(message.text()));
        page.on("pageerror", (error) => complaints.push(String(error)));
        page.on("request", (request) => {
          if (!request.url().startsWith(url)) complaints.push(request.url());
        });
        await page.goto(`${url}/docs`);
        expect(await page.locator("pre").first().textContent()).toContain(`curl -X POST ${url}/events`);
        // As text, because this is no browser's type-checked code.
        const width = await page.evaluate("document.documentElement.scrollWidth");
        expect(width).toBe(360);
        seen.set(colorScheme, String(await page.evaluate("getComputedStyle(document.body).backgroundColor")));
        expect(complaints).toEqual([]);
      }
      expect(seen.get("dark")).not.toBe(seen.get("light"));
    } finally {
      await browser.close();
    }
  });
});
