import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type JsonReading, MAX_DEPTH, type ReadBody, readStrictJson } from "../../../../gateway/body/strict-json.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const read = (text: string): JsonReading => readStrictJson(bytes(text));

function readable(text: string): ReadBody {
  const reading = read(text);
  if (!reading.ok) throw new Error(`expected a readable body, got: ${reading.fault.message}`);
  return reading;
}

function fault(reading: JsonReading): string {
  return reading.ok ? "readable" : `${reading.fault.kind}: ${reading.fault.message}`;
}

const nested = (levels: number, open: string, close: string) => open.repeat(levels) + close.repeat(levels);

describe("a body that cannot be read as a whole", () => {
  test.each([
    ["an empty body", ""],
    ["white space alone", " \n"],
    ["a truncated object", '{"a":'],
    ["a trailing comma", '{"a":1,}'],
    ["single quotes", "{'a':1}"],
    ["a comment", '{"a":1}//'],
    ["two values", "{}{}"],
    ["NaN", '{"a":NaN}'],
    ["a leading zero", '{"a":01}'],
    ["a raw control character in a string", '{"a":"\n"}'],
    ["a number beyond a double", '{"a":1e400}'],
    ["a negative number beyond a double, deep within", '{"a":[{"b":-1e400}]}'],
    ["a high surrogate alone in a value", '{"a":"\\ud800"}'],
    ["a low surrogate alone in a nested value", '{"a":["\\uDC00"]}'],
    ["surrogates in the wrong order", '{"a":"\\udc00\\ud800"}'],
    ["a lone surrogate in a nested key", '{"a":{"\\ud83d":1}}'],
    ["a lone surrogate in a top-level key", '{"\\uDBFF":1}'],
  ])("%s is malformed", (_, text) => {
    expect(fault(read(text))).toMatch(/^malformed: body /);
  });

  test("a byte order mark is malformed and told as such", () => {
    expect(fault(read("\ufeff{}"))).toContain("byte order mark");
  });

  test.each([
    ["a stray continuation byte", [0x80]],
    ["an overlong slash", [0xc0, 0xaf]],
    ["a surrogate encoded in UTF-8", [0xed, 0xa0, 0x80]],
    ["a code point beyond Unicode", [0xf4, 0x90, 0x80, 0x80]],
    ["a truncated sequence", [0xe2, 0x82]],
    ["Latin-1", [0xe9]],
  ])("%s is not UTF-8", (_, inner) => {
    const body = Uint8Array.from([...bytes('{"a":"'), ...inner, ...bytes('"}')]);
    expect(fault(readStrictJson(body))).toBe("malformed: body is not valid UTF-8");
  });

  test("UTF-16 is not UTF-8", () => {
    expect(fault(readStrictJson(Buffer.from("\ufeff{}", "utf16le")))).toContain("malformed");
  });

  test.each([
    ["[]", "an array"],
    ["null", "null"],
    ['"text"', '"text"'],
    ["12", "the number 12"],
    ["true", "true"],
  ])("%s is readable, but no object", (text, kind) => {
    expect(fault(read(text))).toBe(`not_object: body is ${kind}; send a JSON object`);
  });

  test("a syntax error is told without an excerpt of the body, which may hold a key", () => {
    const message = fault(read('{"api_key":"secret-key" x "tenant_id":"secret-tenant"}'));
    expect(message).not.toContain("secret");
    expect(fault(read('{"api_key":secret}'))).toBe("malformed: body is not valid JSON: Unexpected token 's'");
    expect(fault(read('{"a":1 "b":2}'))).toMatch(/: Expected ',' or '}' after property value in JSON at position 7\b/);
  });
});

describe("what strict reading leaves alone", () => {
  test("keys may contain anything else and come back as they were", () => {
    const text = '{"":1,"$gt":{"a.b":"\\u0000"},"__proto":2,"toString":3,"hasOwnProperty":null,"ключ 🔑":[]}';
    expect(JSON.stringify(readable(text).body)).toBe(text);
  });

  test("a pair of escaped surrogates is a character", () => {
    expect(readable('{"a":"\\ud83d\\ude00"}').body).toEqual({ a: "😀" });
  });

  test("of two equal keys the last counts, and the first is not examined", () => {
    expect(readable('{"a":1e400,"a":{"constructor":1},"a":2}')).toMatchObject({ body: { a: 2 }, problems: [] });
  });

  test("numbers are doubles: the largest and the smallest pass, underflow becomes zero", () => {
    expect(readable('{"a":[1.7976931348623157e308,5e-324,1e-400]}').body).toEqual({
      a: [1.7976931348623157e308, 5e-324, 0],
    });
  });

  test("a byte order mark within a string is a character", () => {
    expect(readable('{"a":"\ufeff"}').body).toEqual({ a: "\ufeff" });
  });

  test("property: whatever JSON.parse makes of harmless JSON is what it returns", () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string({ unit: "binary" }), fc.jsonValue({ stringUnit: "binary", maxDepth: 6 })),
        (value) => {
          const text = JSON.stringify(value);
          fc.pre(!/__proto__|constructor|prototype/.test(text));
          expect(readable(text)).toMatchObject({ problems: [] });
          expect(readable(text).body).toEqual(JSON.parse(text));
        },
      ),
    );
  });
});

describe("forbidden keys", () => {
  test.each(["__proto__", "constructor", "prototype"])("%s is reserved wherever it stands", (key) => {
    expect(readable(`{"params":{"${key}":1}}`).problems).toMatchObject([{ field: "params", kind: "reserved" }]);
    expect(readable(`{"x":[1,{"a":[{"${key}":{}}]}]}`).problems).toMatchObject([{ field: "x", kind: "reserved" }]);
    expect(readable(`{"a":1,"${key}":{}}`).problems).toMatchObject([{ field: null, kind: "reserved" }]);
  });

  test("an escaped one is the same key", () => {
    expect(readable('{"a":{"\\u005f_proto__":1}}').problems).toMatchObject([{ field: "a", kind: "reserved" }]);
  });

  test("as a value they are text like any other", () => {
    expect(readable('{"a":"__proto__","b":["constructor"]}').problems).toEqual([]);
  });

  test("every top-level field that holds one is told, the body first", () => {
    const { problems } = readable('{"a":{"prototype":1},"b":1,"c":[{"__proto__":1}],"__proto__":1,"constructor":2}');
    expect(problems.map((problem) => problem.field)).toEqual([null, "a", "c"]);
  });

  test("reading does not touch Object.prototype", () => {
    readable('{"__proto__":{"polluted":1},"a":{"__proto__":{"polluted":1}}}');
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
  });
});

describe("depth", () => {
  test.each([
    ["objects", '{"a":', "1}"],
    ["arrays", "[", "]"],
  ])("%s may be 16 levels deep, the top-level value being the first", (_, open, close) => {
    const value = (levels: number) =>
      open === "[" ? nested(levels, "[", "]") : `${'{"a":'.repeat(levels)}1${"}".repeat(levels)}`;
    expect(close).not.toBe("");
    expect(readable(`{"p":${value(MAX_DEPTH)}}`).problems).toEqual([]);
    expect(readable(`{"p":${value(MAX_DEPTH + 1)}}`).problems).toMatchObject([{ field: "p", kind: "too_deep" }]);
  });

  test("every field that is too deep is told", () => {
    const deep = nested(17, "[", "]");
    const { problems } = readable(`{"a":${deep},"b":[],"c":${deep}}`);
    expect(problems).toMatchObject([
      { field: "a", kind: "too_deep" },
      { field: "c", kind: "too_deep" },
    ]);
  });

  test("32,000 levels do not overflow the stack", () => {
    expect(readable(`{"a":${nested(32_000, "[", "]")}}`).problems).toMatchObject([{ kind: "too_deep" }]);
    expect(fault(read("[".repeat(64_000)))).toContain("malformed");
  });
});

test("the keys within each object or array are counted, nested ones included", () => {
  const { keyCounts } = readable('{"a":{},"b":{"x":1,"y":{"z":[{"w":1},{"w":2}]}},"c":[[{"k":1}]],"d":1,"e":null}');
  expect([...keyCounts]).toEqual([
    ["a", 0],
    ["b", 5],
    ["c", 1],
  ]);
});

describe("property: reading never throws", () => {
  test("on any bytes", () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 64 }), (body) => void readStrictJson(body)));
  });

  test("on any JSON, and any JSON with something cut out", () => {
    fc.assert(
      fc.property(fc.json({ stringUnit: "binary" }), fc.nat(), fc.nat(4), (json, at, length) => {
        read(json);
        const from = json.length === 0 ? 0 : at % json.length;
        read(json.slice(0, from) + json.slice(from + length));
      }),
    );
  });
});
