import { isMediaType } from "../../body/content-type.ts";
import type { RequestHead } from "../surface.ts";

/** The two ways to write a request and an answer. */
export type Format = "json" | "xml";

const XML_TYPES: ReadonlySet<string> = new Set(["application/xml", "text/xml"]);
const ANY_XML = /^\s*(?:application|text)\/xml\s*(?:;|$)/i;

/** What each format matches in `Accept`, the more specific first. */
const RANGES: Readonly<Record<Format, readonly (readonly string[])[]>> = {
  json: [["application/json"], ["application/*"], ["*/*"]],
  xml: [["application/xml", "text/xml"], ["application/*", "text/*"], ["*/*"]],
};
/** Media ranges looked at: what a sane `Accept` has. */
const MAX_RANGES = 32;

/** How a request's body is written, by its `Content-Type`; JSON where that says nothing. */
export function requestFormat({ headers }: Pick<RequestHead, "headers">): Format {
  return ANY_XML.test(headers["content-type"] ?? "") ? "xml" : "json";
}

/** Whether a `Content-Type` that is XML's is one in UTF-8. */
export function isUtf8Xml(contentType: string | undefined): boolean {
  return isMediaType(contentType, XML_TYPES);
}

/** How to answer: as `Accept` prefers, else as the request is written (http.md, Altcraft). */
export function answerFormat(head: Pick<RequestHead, "headers">): Format {
  const own = requestFormat(head);
  const { accept } = head.headers;
  if (accept === undefined) return own;
  const weights = weightsOf(accept);
  const [json, xml] = [preference("json", weights), preference("xml", weights)];
  // Of two formats that are equally welcome, the one that is named is asked for, rather than the one under a wildcard.
  const difference = json.weight - xml.weight || (json.weight === 0 ? 0 : xml.rank - json.rank);
  if (difference === 0) return own;
  return difference > 0 ? "json" : "xml";
}

/** The weight that `Accept` gives a format: that of the most specific range that matches (RFC 9110 section 12.5.1). */
function preference(format: Format, weights: ReadonlyMap<string, number>): { weight: number; rank: number } {
  for (const [rank, ranges] of RANGES[format].entries()) {
    const found = ranges.flatMap((range) => weights.get(range) ?? []);
    if (found.length > 0) return { weight: Math.max(...found), rank };
  }
  return { weight: 0, rank: RANGES[format].length };
}

function weightsOf(accept: string): Map<string, number> {
  const weights = new Map<string, number>();
  for (const part of accept.split(",", MAX_RANGES)) {
    const [range = "", ...parameters] = part.split(";");
    const q = parameters.map((parameter) => /^\s*q\s*=\s*([01](?:\.\d{0,3})?)\s*$/i.exec(parameter)?.[1]).find(Boolean);
    weights.set(range.trim().toLowerCase(), q === undefined ? 1 : Number(q));
  }
  return weights;
}
