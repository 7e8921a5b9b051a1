import { readFile } from "node:fs/promises";
import { get, type IncomingMessage } from "node:http";
import { buffer } from "node:stream/consumers";
import { gunzipSync, gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { runGateway } from "./gateway-fixture.ts";

const SCRIPT = new URL("../../../sdk/web/dist/web.js", import.meta.url);
/** Largest script, in bytes as gzip sends them. */
const MAX_GZIPPED_BYTES = 6 * 1024;

/** A GET without the decompression that `fetch` does. */
async function download(
  url: string,
  headers: Record<string, string>,
): Promise<{ answer: IncomingMessage; body: Buffer }> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  get(url, { headers }, resolve).on("error", reject);
  const answer = await promise;
  return { answer, body: await buffer(answer) };
}

describe("the Web SDK's script", () => {
  test("is smaller than 6 KB when compressed", async () => {
    expect(gzipSync(await readFile(SCRIPT), { level: 9 }).length).toBeLessThan(MAX_GZIPPED_BYTES);
  });

  test("comes as it was built, to pages of any origin, compressed for those that ask for it", async () => {
    const { url } = await runGateway();
    const built = await readFile(SCRIPT);
    const { answer, body } = await download(`${url}/sdk/web.js`, { "accept-encoding": "br, gzip;q=0.8" });
    expect(answer.statusCode).toBe(200);
    expect(answer.headers).toMatchObject({
      "content-type": "text/javascript; charset=utf-8",
      "content-encoding": "gzip",
      "access-control-allow-origin": "*",
      "cross-origin-resource-policy": "cross-origin",
      "cache-control": expect.stringContaining("max-age=3600"),
      vary: "Accept-Encoding",
    });
    expect(body.length).toBeLessThan(MAX_GZIPPED_BYTES);
    expect(gunzipSync(body)).toEqual(built);

    for (const headers of [{}, { "accept-encoding": "gzip;q=0, br" }] as Record<string, string>[]) {
      const plain = await download(`${url}/sdk/web.js`, headers);
      expect(plain.answer.headers["content-encoding"]).toBeUndefined();
      expect(plain.body).toEqual(built);
      expect(plain.answer.headers.etag).not.toBe(answer.headers.etag);
    }
  });

  test("is not sent again to a browser that has it", async () => {
    const { url } = await runGateway();
    const first = await fetch(`${url}/sdk/web.js`);
    const etag = first.headers.get("etag") ?? "";
    const again = await fetch(`${url}/sdk/web.js`, { headers: { "if-none-match": `"other", W/${etag}` } });
    expect([again.status, await again.text(), again.headers.get("etag")]).toEqual([304, "", etag]);
    const changed = await fetch(`${url}/sdk/web.js`, { headers: { "if-none-match": '"other"' } });
    expect(changed.status).toBe(200);
  });

  test("comes with a module and a service worker's helper, and no other file", async () => {
    const { url } = await runGateway();
    for (const name of ["web.mjs", "web-service-worker.js"]) {
      const answer = await fetch(`${url}/sdk/${name}`);
      expect([name, answer.status, answer.headers.get("content-type")]).toEqual([
        name,
        200,
        "text/javascript; charset=utf-8",
      ]);
    }
    expect((await fetch(`${url}/sdk/api.d.ts`)).status).toBe(404);
    expect((await fetch(`${url}/sdk/..%2fpackage.json`)).status).toBe(404);
  });

  test("is only read: other methods are named what is allowed", async () => {
    const { url } = await runGateway();
    const head = await fetch(`${url}/sdk/web.js`, { method: "HEAD" });
    expect([head.status, await head.text()]).toEqual([200, ""]);
    const post = await fetch(`${url}/sdk/web.js`, { method: "POST", body: "{}" });
    expect([post.status, post.headers.get("allow")]).toEqual([405, "GET, HEAD, OPTIONS"]);
    const options = await fetch(`${url}/sdk/web.js`, { method: "OPTIONS" });
    expect([options.status, options.headers.get("allow")]).toEqual([204, "GET, HEAD, OPTIONS"]);
  });
});
