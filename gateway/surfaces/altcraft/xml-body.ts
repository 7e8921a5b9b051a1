import { XMLParser, XMLValidator } from "fast-xml-parser";
import type { BodyFault } from "../../body/body-fault.ts";
import { MAX_DEPTH } from "../../body/strict-json.ts";
import { shown } from "../../body/text.ts";

const ROOT = "xml";
const TEXT = "#text";
const CDATA = "#cdata";
/** Elements within each other: the root, the 16 levels that JSON may nest (http.md), and the one that holds the text. */
const MAX_NESTED_ELEMENTS = 1 + MAX_DEPTH + 1;

/** A body's fields by name: their texts, or null for one that holds elements. */
export type XmlFields = ReadonlyMap<string, string | null>;

export type XmlReading =
  | { readonly ok: true; readonly fields: XmlFields }
  | { readonly ok: false; readonly fault: BodyFault };

// An element of fast-xml-parser's ordered form: its name with its children, or a text.
type Node = Readonly<Record<string, unknown>>;

const utf8 = new TextDecoder("utf-8", { fatal: true });
// Beyond comments and CDATA, markup that begins so belongs to a document type (XML 1.0 section 2.8).
const DOCUMENT_TYPE = /<!(?!--|\[CDATA\[)/;
const DECLARED_ENCODING = /^<\?xml\s[^>]*?\bencoding\s*=\s*["']([^"']*)["']/;
const ENCODINGS: ReadonlySet<string> = new Set(["utf-8", "utf8", "us-ascii"]);
// XML 1.0 section 2.2; the surrogates left over by decoding cannot be.
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
const NOT_XML = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/;
const REFERENCE = /&(?:[a-z]+|#\d{1,7}|#x[0-9a-fA-F]{1,6});|&/g;
const PREDEFINED: ReadonlyMap<string, string> = new Map([
  ["lt", "<"],
  ["gt", ">"],
  ["amp", "&"],
  ["quot", '"'],
  ["apos", "'"],
]);

const parser = new XMLParser({
  preserveOrder: true,
  ignoreAttributes: true,
  // References are resolved here, because those within CDATA are none.
  processEntities: false,
  parseTagValue: false,
  trimValues: false,
  cdataPropName: CDATA,
  ignoreDeclaration: true,
  ignorePiTags: true,
  // Counted without the innermost.
  maxNestedTags: MAX_NESTED_ELEMENTS - 1,
});

/**
 * Reads a body such as `<xml><token>…</token></xml>`: UTF-8, no document type, no entities but the five of XML and
 * character references, no deeper than JSON may be. White space around a text is layout and is cut; of two equal fields
 * the last counts.
 *
 * @param bytes the body, after inflation; its size is the caller's to limit
 */
export function readXmlBody(bytes: Uint8Array): XmlReading {
  let text: string;
  try {
    text = utf8.decode(bytes);
  } catch {
    return malformed("body is not valid UTF-8");
  }
  const encoding = DECLARED_ENCODING.exec(text)?.[1];
  if (encoding !== undefined && !ENCODINGS.has(encoding.toLowerCase())) {
    return malformed(`body declares the encoding ${shown(encoding)}; send UTF-8`);
  }
  if (DOCUMENT_TYPE.test(text)) return malformed("body has a document type declaration; send it without");
  if (NOT_XML.test(text)) return malformed("body contains characters that XML does not allow");
  const nodes = parse(text);
  if (nodes === null) {
    return malformed(`body is not valid XML, or nested more than ${MAX_NESTED_ELEMENTS} elements deep`);
  }
  const [root, ...others] = nodes;
  if (root === undefined || others.length > 0 || nameOf(root) !== ROOT) return malformed(`body is not one <${ROOT}>`);
  return readFields(childrenOf(root));
}

/** The nodes at the top; null where the text is not well-formed. */
function parse(text: string): readonly Node[] | null {
  try {
    // Parsing first: it ends at the greatest depth, so that validation has no deeper one to report.
    const nodes = parser.parse(text) as readonly Node[];
    return XMLValidator.validate(text) === true ? nodes : null;
  } catch {
    // The library throws plain errors at whatever it does not accept; what they say repeats the body.
    return null;
  }
}

function readFields(children: readonly Node[]): XmlReading {
  const fields = new Map<string, string | null>();
  for (const child of children) {
    const name = nameOf(child);
    if (name === TEXT || name === CDATA) {
      if (textOf([child])?.trim() !== "") return malformed(`body has text between the fields of <${ROOT}>`);
      continue;
    }
    const content = childrenOf(child);
    const isText = content.every((node) => nameOf(node) === TEXT || nameOf(node) === CDATA);
    const text = isText ? textOf(content) : null;
    if (text === undefined) return malformed("body refers to an entity other than lt, gt, amp, quot and apos");
    fields.set(name, text?.trim() ?? null);
  }
  return { ok: true, fields };
}

/** The text of nodes that are text and CDATA; undefined where it has a reference that is not allowed. */
function textOf(nodes: readonly Node[]): string | undefined {
  let text = "";
  for (const node of nodes) {
    if (nameOf(node) === CDATA) {
      for (const part of childrenOf(node)) text += String(part[TEXT]);
      continue;
    }
    const resolved = resolveReferences(String(node[TEXT]));
    if (resolved === undefined) return undefined;
    text += resolved;
  }
  return text;
}

function resolveReferences(text: string): string | undefined {
  if (!text.includes("&")) return text;
  let allowed = true;
  const resolved = text.replace(REFERENCE, (reference) => {
    const character = characterOf(reference);
    if (NOT_XML.test(character)) allowed = false;
    return character;
  });
  return allowed ? resolved : undefined;
}

/** What a reference stands for; U+0000, which XML does not allow, where it stands for nothing. */
function characterOf(reference: string): string {
  const name = reference.slice(1, -1);
  if (!name.startsWith("#")) return PREDEFINED.get(name) ?? "\u0000";
  const code = name.startsWith("#x") ? Number.parseInt(name.slice(2), 16) : Number(name.slice(1));
  const isSurrogate = code >= 0xd800 && code <= 0xdfff;
  return code <= 0x10ffff && !isSurrogate ? String.fromCodePoint(code) : "\u0000";
}

function nameOf(node: Node): string {
  for (const name in node) return name;
  return "";
}

function childrenOf(node: Node): readonly Node[] {
  const children = node[nameOf(node)];
  return Array.isArray(children) ? children : [];
}

function malformed(message: string): XmlReading {
  return { ok: false, fault: { kind: "malformed", message } };
}
