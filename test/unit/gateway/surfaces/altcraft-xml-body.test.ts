import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readXmlBody } from "../../../../gateway/surfaces/altcraft/xml-body.ts";

const name = fc
  .stringMatching(/^[a-z_][a-z0-9_.-]{0,9}$/)
  .filter((text) => !["constructor", "prototype", "__proto__"].includes(text));
// Texts that XML can hold and that do not begin or end with white space, which is layout.
const text = fc
  .string({ unit: "binary", maxLength: 20 })
  .filter((value) => !/\p{Cc}|[\ufffe\uffff]/u.test(value) && value.isWellFormed())
  .map((value) => value.trim());

const spellings: readonly ((value: string) => string)[] = [
  (value) => value.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`),
  (value) => value.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;"),
  (value) => `<![CDATA[${value.replaceAll("]]>", "]]]]><![CDATA[>")}]]>`,
  (value) => Array.from(value, (character) => `&#x${character.codePointAt(0)!.toString(16)};`).join(""),
];

function read(xml: string): ReturnType<typeof readXmlBody> {
  return readXmlBody(Buffer.from(xml));
}

describe("an XML body", () => {
  it("gives back every text, however it is spelled", () => {
    const field = fc.tuple(name, text, fc.constantFrom(...spellings));
    fc.assert(
      fc.property(fc.uniqueArray(field, { selector: ([name]) => name, maxLength: 5 }), (fields) => {
        const elements = fields.map(([name, value, spelled]) => `<${name}>${spelled(value)}</${name}>`).join("\n");
        const reading = read(`<?xml version="1.0"?><xml>${elements}</xml>`);
        expect(reading.ok && [...reading.fields]).toEqual(fields.map(([name, value]) => [name, value]));
      }),
      { numRuns: 300 },
    );
  });

  it("is never more than refused, whatever it is", () => {
    const fragment = fc.constantFrom(
      "<xml>",
      "</xml>",
      "<a>",
      "</a>",
      "<a",
      ">",
      "/>",
      "<!--",
      "-->",
      "<![CDATA[",
      "]]>",
      "<?",
      "?>",
      "<!DOCTYPE x [",
      "]>",
      "&amp;",
      "&x;",
      '="',
      "<__proto__>",
      "<constructor/>",
      "<toString>",
      "</toString>",
      " ",
      "\u0000",
      "é",
      ":",
      "#text",
      "<#text>",
      "<:@>",
    );
    const soup = fc
      .array(fc.oneof(fragment, fc.string({ maxLength: 4 })), { maxLength: 40 })
      .map((parts) => parts.join(""));
    const wrapped = soup.map((inner) => `<xml>${inner}</xml>`);
    const bytes = fc.uint8Array({ maxLength: 64 });
    fc.assert(
      fc.property(fc.oneof(soup, wrapped, bytes), (body) => {
        const reading = readXmlBody(typeof body === "string" ? Buffer.from(body) : body);
        if (!reading.ok) expect(reading.fault.message).toMatch(/^body /);
      }),
      { numRuns: 3_000 },
    );
  });

  it("takes the last of two equal fields, and cuts layout but not the middle of a text", () => {
    const reading = read("<xml>\n  <a>1</a>\n  <a>\n 2  3\n</a>\n</xml>");
    expect(reading.ok && [...reading.fields]).toEqual([["a", "2  3"]]);
  });

  it("may have a byte order mark, a declaration, comments and attributes", () => {
    const reading = read(
      '\ufeff<?xml version="1.0" encoding="utf-8" standalone="yes"?>\n<!-- c --><xml x="1"><a y="&lt;">1</a></xml>\n<!-- d -->',
    );
    expect(reading.ok && [...reading.fields]).toEqual([["a", "1"]]);
  });

  it("tells a field of elements from a text", () => {
    const reading = read("<xml><a><b>1</b></a><c/></xml>");
    expect(reading.ok && [...reading.fields]).toEqual([
      ["a", null],
      ["c", ""],
    ]);
  });
});
