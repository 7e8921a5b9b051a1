import { type Answer, JSON_TYPE, logLevelOf, retryAfterSeconds } from "../answer.ts";
import type { Fault } from "../fault.ts";
import type { Format } from "./format.ts";

const XML_TYPE = "application/xml; charset=utf-8";
// What XML 1.0 cannot hold in any spelling (section 2.2), out of what a message may repeat.
const NOT_XML = /[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu;
const ESCAPES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;" };

/** What there is to answer: code 0 is success; 8 and 9 are our own, for what http.md has no code for. */
const OUTCOMES = {
  success: { code: 0, status: 200 },
  malformed: { code: 1, status: 400 },
  missing: { code: 2, status: 400 },
  invalid: { code: 3, status: 400 },
  unauthorized: { code: 4, status: 401 },
  rate_limited: { code: 5, status: 429 },
  overloaded: { code: 6, status: 503 },
  internal: { code: 7, status: 500 },
  not_found: { code: 8, status: 404 },
  method_not_allowed: { code: 9, status: 405 },
} as const;

/** An answer before it is written in a format. */
export interface Outcome {
  readonly kind: keyof typeof OUTCOMES;
  readonly text: string;
}

export const SUCCESS: Outcome = { kind: "success", text: "Successful operation" };

/** Writes an outcome: `error` and `error_text`, in JSON or XML. */
export function writeAnswer({ kind, text }: Outcome, format: Format): Answer {
  const { code, status } = OUTCOMES[kind];
  return {
    status,
    contentType: format === "json" ? JSON_TYPE : XML_TYPE,
    payload:
      format === "json"
        ? JSON.stringify({ error: code, error_text: text })
        : `<xml><error>${code}</error><error_text>${escaped(text)}</error_text></xml>`,
    verdict: kind === "success" ? "reported" : kind,
    logLevel: logLevelOf(status),
  };
}

/** Every fault in this surface's words. */
export function answerFault(fault: Fault, format: Format): Answer {
  switch (fault.kind) {
    case "not_found":
      return writeAnswer({ kind: "not_found", text: "There is nothing at this path" }, format);
    case "method_not_allowed": {
      const text = `This method is not allowed here; use ${fault.allow}`;
      return { ...writeAnswer({ kind: "method_not_allowed", text }, format), headers: { Allow: fault.allow } };
    }
    case "rate_limited":
      return later("rate_limited", { text: "Too many requests", waitMs: fault.waitMs, format });
    case "overloaded":
      return later("overloaded", { text: "The service is overloaded", waitMs: fault.waitMs, format });
    case "unreadable":
      return writeAnswer({ kind: "malformed", text: fault.fault.message }, format);
    case "internal":
      return writeAnswer({ kind: "internal", text: "Something went wrong on our side" }, format);
  }
}

function later(
  kind: "rate_limited" | "overloaded",
  { text, waitMs, format }: { readonly text: string; readonly waitMs: number; readonly format: Format },
): Answer {
  const seconds = retryAfterSeconds(waitMs);
  return { ...writeAnswer({ kind, text: `${text}; retry in ${seconds} s` }, format), retryAfterSeconds: seconds };
}

function escaped(text: string): string {
  return text.replace(NOT_XML, "\ufffd").replace(/[&<>]/g, (character) => ESCAPES[character] as string);
}
