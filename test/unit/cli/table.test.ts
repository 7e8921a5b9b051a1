import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Column, formatFields, formatTable } from "../../../cli/table.ts";
import { textWidth } from "../../../cli/text-width.ts";

const columns: Column<{ id: string; text: string }>[] = [
  { heading: "ID", cell: (row) => row.id },
  { heading: "TEXT", cell: (row) => row.text },
];

describe("formatTable", () => {
  it("aligns columns and shows a dash where there is nothing", () => {
    const rows = [
      { id: "a", text: "one" },
      { id: "long", text: "" },
    ];
    expect(formatTable(columns, rows, undefined)).toBe("ID    TEXT\na     one\nlong  -\n");
  });

  it("cuts the widest column first, so that short ids stay whole", () => {
    const rows = [{ id: "id-1", text: "x".repeat(50) }];
    expect(formatTable(columns, rows, 20).split("\n")[1]).toBe(`id-1  ${"x".repeat(13)}…`);
  });

  it("cuts nothing where the output is no terminal", () => {
    const rows = [{ id: "i".repeat(300), text: "x".repeat(300) }];
    expect(formatTable(columns, rows, undefined)).toContain(`${"i".repeat(300)}  ${"x".repeat(300)}`);
  });

  it("counts wide characters as the two columns that terminals give them", () => {
    const rows = [
      { id: "日本", text: "x" },
      { id: "abcd", text: "y" },
    ];
    expect(formatTable(columns, rows, undefined)).toBe("ID    TEXT\n日本  x\nabcd  y\n");
  });

  it("writes one line a row, never wider than the terminal, whatever the cells hold", () => {
    const row = fc.record({ id: fc.string({ unit: "grapheme" }), text: fc.string({ unit: "binary" }) });
    fc.assert(
      fc.property(fc.array(row), fc.integer({ min: 1, max: 120 }), (rows, width) => {
        const lines = formatTable(columns, rows, width).split("\n");
        expect(lines).toHaveLength(rows.length + 2);
        for (const line of lines) expect(textWidth(line)).toBeLessThanOrEqual(width);
      }),
    );
  });

  it("never passes on what could steer a terminal", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        expect(formatTable(columns, [{ id: "a", text }], undefined)).not.toMatch(/[^\P{Cc}\n]|[\u202a-\u202e]/u);
      }),
    );
    expect(formatFields([["name", "\u001b[2J"]])).toBe("name  \\u001b[2J\n");
  });
});
