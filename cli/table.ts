import { cutText, textWidth, visibleText } from "./text-width.ts";

const GAP = "  ";
/** Columns are not cut below this, as long as the terminal has room for that. */
const LEAST_WIDTH = 8;

/** One column of a table: its heading and what it shows of a row. */
export interface Column<Row> {
  readonly heading: string;
  readonly cell: (row: Row) => string;
}

/**
 * A table with a heading, its columns aligned, one line a row. Where it is too wide, the widest columns are cut first.
 *
 * @param terminalWidth columns of the terminal; undefined where the output is no terminal, so that nothing is cut
 */
export function formatTable<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  terminalWidth: number | undefined,
): string {
  const lines = [columns.map(({ heading }) => heading), ...rows.map((row) => cells(columns, row))];
  const natural = columns.map((_, i) => Math.max(...lines.map((line) => textWidth(line[i]!))));
  const widths = terminalWidth === undefined ? natural : fitWidths(natural, terminalWidth);
  return lines.map((line) => `${formatLine(line, widths, terminalWidth)}\n`).join("");
}

/** Names and values below each other, values aligned and whole: for one thing, whose keys one wants to copy. */
export function formatFields(fields: readonly (readonly [name: string, value: string])[]): string {
  const width = Math.max(...fields.map(([name]) => textWidth(name)));
  return fields.map(([name, value]) => `${pad(name, width)}${GAP}${visibleText(value) || "-"}\n`).join("");
}

function cells<Row>(columns: readonly Column<Row>[], row: Row): string[] {
  return columns.map(({ cell }) => visibleText(cell(row)) || "-");
}

function fitWidths(natural: readonly number[], terminalWidth: number): number[] {
  const widths = [...natural];
  let excess = widths.reduce((sum, width) => sum + width, GAP.length * (widths.length - 1)) - terminalWidth;
  while (excess > 0) {
    const widest = Math.max(...widths);
    if (widest <= LEAST_WIDTH) break;
    widths[widths.lastIndexOf(widest)] = widest - 1;
    excess -= 1;
  }
  return widths;
}

function formatLine(line: readonly string[], widths: readonly number[], terminalWidth: number | undefined): string {
  const text = line
    .map((cell, i) => pad(cutText(cell, widths[i]!), widths[i]!))
    .join(GAP)
    .trimEnd();
  return terminalWidth === undefined ? text : cutText(text, terminalWidth);
}

function pad(text: string, width: number): string {
  return text + " ".repeat(Math.max(0, width - textWidth(text)));
}
