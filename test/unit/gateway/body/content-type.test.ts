import fc from "fast-check";
import { expect, test } from "vitest";
import { contentTypeFault } from "../../../../gateway/body/content-type.ts";

test.each([
  undefined,
  "",
  "application/json",
  "Application/JSON",
  "application/json;charset=utf-8",
  "application/json; charset=UTF-8",
  'application/json; charset="utf-8"',
  'application/json; charset="ut\\f-8"',
  "application/json ; CHARSET=utf8 ; odata=none",
  'application/json; profile="a;charset=latin1"',
  "application/json;",
  "text/plain",
  "text/plain;charset=UTF-8",
])("%j announces JSON in UTF-8", (header) => {
  expect(contentTypeFault(header)).toBeNull();
});

test.each([
  "application/xml",
  "application/x-www-form-urlencoded",
  "multipart/form-data; boundary=x",
  "application/vnd.api+json",
  "application/jsonp",
  "text/html",
  "text/plain; charset=iso-8859-1",
  "application/json; charset=utf-16",
  'application/json; charset="latin1"',
  "application/json; charset=",
  "application/json; charset=utf-8; charset=latin1",
  "application/json; =",
  "application/json, text/plain",
  "json",
])("%j is malformed", (header) => {
  expect(contentTypeFault(header)).toMatchObject({
    kind: "malformed",
    message: expect.stringContaining("Content-Type"),
  });
});

test("property: no header makes it throw, and its message stays short", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 300 }), (header) => {
      expect(contentTypeFault(`application/json;${header}`)?.message.length ?? 0).toBeLessThan(600);
    }),
  );
});
