import { Visitor } from "vite";
import { parse, type SourceFile } from "./imports.ts";

/** A parameter as the whole of a `LIMIT`; parentheses and signs do not hide it from SQLite's planner. */
const BARE = /\bLIMIT[\s(+-]+(\?|[$:@]\w+)/i;

/**
 * Every SQL text of a file in which a parameter stands alone after `LIMIT`, as one line each. SQLite compiles such a
 * statement anew at each call; `limitSql` writes one that it does not.
 *
 * @throws if the file cannot be parsed
 */
export function bareLimits(file: SourceFile): string[] {
  const found: string[] = [];
  const look = (text: string) => {
    const bare = BARE.exec(text);
    if (bare !== null) found.push(`${file.path} has "${bare[0]}": a LIMIT that is bound is written by limitSql`);
  };
  new Visitor({
    Literal(node) {
      if (typeof node.value === "string") look(node.value);
    },
    TemplateElement(node) {
      look(node.value.cooked ?? node.value.raw);
    },
  }).visit(parse(file).program);
  return found;
}
