import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { MAX_BODY_BYTES } from "../../../../gateway/body/body-fault.ts";
import { decodeBody } from "../../../../gateway/body/content-encoding.ts";

const body = Buffer.from('{"a":"é"}');

describe("a body that decodes", () => {
  test.each([undefined, "", "identity", " Identity "])(
    "comes through untouched with the encoding %j",
    async (encoding) => {
      expect(await decodeBody(body, encoding)).toEqual({ ok: true, bytes: body });
    },
  );

  test.each(["gzip", "GZIP", "x-gzip"])("is inflated with the encoding %j", async (encoding) => {
    expect(await decodeBody(gzipSync(body), encoding)).toEqual({ ok: true, bytes: body });
  });

  test("may be exactly 64 KB, plain or after inflation", async () => {
    const largest = Buffer.alloc(MAX_BODY_BYTES, "x");
    expect(await decodeBody(largest, undefined)).toMatchObject({ ok: true });
    expect(await decodeBody(gzipSync(largest), "gzip")).toEqual({ ok: true, bytes: largest });
  });
});

describe("a body that is too large", () => {
  const large = Buffer.alloc(MAX_BODY_BYTES + 1, "x");

  test("is refused plain", async () => {
    expect(await decodeBody(large, undefined)).toMatchObject({ ok: false, fault: { kind: "too_large" } });
  });

  test("is refused after inflation, by one byte or by megabytes", async () => {
    expect(await decodeBody(gzipSync(large), "gzip")).toMatchObject({ ok: false, fault: { kind: "too_large" } });
    const bomb = gzipSync(Buffer.alloc(32 << 20));
    expect(bomb.length).toBeLessThan(MAX_BODY_BYTES);
    expect(await decodeBody(bomb, "gzip")).toMatchObject({ ok: false, fault: { kind: "too_large" } });
  });
});

describe("a body that is malformed", () => {
  const zipped = gzipSync(body);

  test.each([
    ["plain text announced as gzip", body],
    ["nothing announced as gzip", Buffer.alloc(0)],
    ["gzip cut off", zipped.subarray(0, zipped.length - 1)],
    ["gzip with a wrong checksum", Buffer.from(zipped).fill(0, zipped.length - 8, zipped.length - 4)],
  ])("is %s", async (_, bytes) => {
    expect(await decodeBody(bytes, "gzip")).toMatchObject({ ok: false, fault: { kind: "malformed" } });
  });

  test.each(["br", "deflate", "gzip, gzip", "zip"])("has the encoding %j", async (encoding) => {
    expect(await decodeBody(zipped, encoding)).toMatchObject({
      ok: false,
      fault: { kind: "malformed", message: expect.stringContaining(encoding) },
    });
  });
});
