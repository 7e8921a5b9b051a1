import { posix } from "node:path";
import { type ParseResult, parseSync, Visitor } from "vite";

/** A source file of this repository: its path from the root, with slashes, and its text. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

/**
 * A file's syntax.
 *
 * @throws if the file cannot be parsed
 */
export function parse(file: SourceFile): ParseResult {
  const parsed = parseSync(file.path, file.text);
  if (parsed.errors.length > 0) throw new Error(`${file.path}: ${parsed.errors[0]?.message}`);
  return parsed;
}

/**
 * What a file refers to: paths from the repository's root for its own files, bare names for packages.
 *
 * Type imports, re-exports and `import()` count, and so does every text that looks like a relative path to a module,
 * because that is how workers and lazily loaded modules are named (`new URL("./x.ts", import.meta.url)`).
 *
 * @throws if the file cannot be parsed
 */
export function importsOf(file: SourceFile): string[] {
  const parsed = parse(file);
  const found = new Set<string>();
  for (const { moduleRequest } of parsed.module.staticImports) found.add(moduleRequest.value);
  for (const { entries } of parsed.module.staticExports) {
    for (const { moduleRequest } of entries) if (moduleRequest !== null) found.add(moduleRequest.value);
  }
  new Visitor({
    ImportExpression(node) {
      if (node.source.type === "Literal") found.add(String(node.source.value));
    },
    TSImportType(node) {
      found.add(node.source.value);
    },
    Literal(node) {
      if (typeof node.value === "string" && /^\.\.?\/.*\.[jt]s$/.test(node.value)) found.add(node.value);
    },
  }).visit(parsed.program);
  return [...found].map((name) => fromRoot(file, name));
}

/**
 * What is loaded whenever a file is: static imports and re-exports of anything but types, named as by
 * {@link importsOf}. `import { type X }` counts: Node takes the name away, not the import.
 *
 * @throws if the file cannot be parsed
 */
export function loadedBy(file: SourceFile): string[] {
  const found = new Set<string>();
  for (const statement of parse(file).program.body) {
    if (statement.type === "ImportDeclaration") {
      if (statement.importKind !== "type") found.add(statement.source.value);
    } else if (statement.type === "ExportNamedDeclaration" || statement.type === "ExportAllDeclaration") {
      if (statement.exportKind !== "type" && statement.source) found.add(statement.source.value);
    }
  }
  return [...found].map((name) => fromRoot(file, name));
}

function fromRoot(file: SourceFile, name: string): string {
  return name.startsWith(".") ? posix.join(posix.dirname(file.path), name) : name;
}
