import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  countCharacters,
  excerpt,
  hasControlCharacter,
  hasControlOrWhiteSpace,
  isLongerThan,
  shown,
} from "../../../../gateway/body/text.ts";

const anyText = fc.string({ unit: "binary", maxLength: 200 });

test("property: characters are code points", () => {
  fc.assert(
    fc.property(anyText, fc.nat(200), (text, limit) => {
      expect(countCharacters(text)).toBe([...text].length);
      expect(isLongerThan(text, limit)).toBe([...text].length > limit);
    }),
  );
});

test("property: an excerpt is the first 64 characters, marked where something is missing", () => {
  fc.assert(
    fc.property(anyText, (text) => {
      const characters = [...text];
      expect(excerpt(text)).toBe(characters.length > 64 ? `${characters.slice(0, 64).join("")}…` : text);
    }),
  );
});

test("an excerpt never splits a character", () => {
  expect(excerpt("😀".repeat(64))).toBe("😀".repeat(64));
  expect(excerpt(`a${"😀".repeat(64)}`)).toBe(`a${"😀".repeat(63)}…`);
});

describe("control characters", () => {
  test("are C0, DEL and C1, and nothing else below U+0100", () => {
    const found = Array.from({ length: 256 }, (_, code) => code).filter((code) =>
      hasControlCharacter(`a${String.fromCharCode(code)}b`),
    );
    const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index);
    expect(found).toEqual([...range(0, 0x1f), ...range(0x7f, 0x9f)]);
  });
});

describe("white space", () => {
  test.each([" ", "\t", "\n", "\u0085", "\u00a0", "\u1680", "\u2003", "\u2028", "\u202f", "\u205f", "\u3000"])(
    "%j is white space",
    (space) => {
      expect(hasControlOrWhiteSpace(`a${space}b`)).toBe(true);
    },
  );

  test.each(["a", "é", "\ufeff", "\u200b", "😀", "~!:_-"])("%j is none", (text) => {
    expect(hasControlOrWhiteSpace(text)).toBe(false);
  });
});

test("a container is shown by its kind, however deep", () => {
  let deep: unknown = [];
  for (let level = 0; level < 50_000; level += 1) deep = [deep];
  expect([shown(deep), shown({ a: deep }), shown(null), shown(1.5), shown(false)]).toEqual([
    "an array",
    "an object",
    "null",
    "the number 1.5",
    "false",
  ]);
  expect(shown('a"\n')).toBe('"a\\"\\n"');
});
