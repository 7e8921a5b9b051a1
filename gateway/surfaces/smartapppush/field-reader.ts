import type { BodyFault } from "../../body/body-fault.ts";
import type { FieldProblem, ReadBody } from "../../body/strict-json.ts";
import { countCharacters, excerpt, isLongerThan, shown } from "../../body/text.ts";
import type { NamedUser } from "../../credentials/user-signature.ts";
import { bodyError, type ErrorCode, type FieldError, inFieldOrder } from "./errors.ts";

/** How many failing fields beyond the table are told: a body of 64 KB could name thousands. */
const MAX_UNKNOWN_FIELD_ERRORS = 16;

/** Tenant and key as sent, to be looked up even where other fields fail: an unknown key is one of the errors. */
export interface SentCredentials {
  readonly tenantId: string;
  readonly apiKey: string;
  /** The user that the body names, if it can be read and names one. */
  readonly namedUser?: NamedUser;
}

/**
 * A body that follows its field table, or every error in it, in the order of that table. `credentials` is
 * null where they themselves are among the errors.
 */
export type Parsed<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly errors: readonly FieldError[]; readonly credentials: SentCredentials | null };

/** Rule of a required text: its longest length in characters, its grammar, and whether messages may repeat it. */
export interface TextRule {
  readonly maxCharacters: number;
  /** Completes "event_name "…" …" where the grammar is broken; null where it is not. */
  readonly grammarFault: ((text: string) => string | null) | null;
  readonly isSecret: boolean;
}

/** Rule of a text that must be in a list: its stored form, and what to say of one that is not in it. */
export interface ListRule<T extends string> {
  readonly canonical: (text: string) => T | null;
  /** Completes "language "en-US" …": what is wrong and what would be right. */
  readonly fault: (text: string) => string;
}

/** The result for a body that could not be read at all. */
export function unreadable(fault: BodyFault): Parsed<never> {
  return { ok: false, errors: [bodyError(fault)], credentials: null };
}

/**
 * Reads a body field by field, in any order, and collects what is wrong, at most one error a field. What a
 * failing field returns is of no use: `result` then gives the errors instead.
 */
export class FieldReader {
  readonly body: Readonly<Record<string, unknown>>;
  readonly keyCounts: ReadonlyMap<string, number>;
  readonly #problems: readonly FieldProblem[];
  readonly #errors: FieldError[] = [];
  readonly #table: readonly string[];

  /** `table`: the names in the field table, in its order. */
  constructor(reading: ReadBody, table: readonly string[]) {
    this.body = reading.body;
    this.keyCounts = reading.keyCounts;
    this.#problems = reading.problems;
    this.#table = table;
    for (const problem of reading.problems) if (problem.field === null) this.#failProblem("body", problem);
  }

  /** A required text that follows `rule`. */
  text(field: string, rule: TextRule): string {
    const text = this.requiredString(field);
    if (text === null) return "";
    if (isLongerThan(text, rule.maxCharacters)) return this.tooLong(field, rule);
    const fault = rule.grammarFault?.(text) ?? null;
    return fault === null ? text : this.fail(field, "invalid_format", `${field} ${shown(text)} ${fault}`);
  }

  /** A required text out of a list, in the form in which it is stored. */
  listed<T extends string>(field: string, rule: ListRule<T>): T {
    const text = this.requiredString(field);
    return text === null ? ("" as T) : this.#inList(field, text, rule);
  }

  /** The same where the field may be absent or null. */
  optionalListed<T extends string>(field: string, rule: ListRule<T>): T | null {
    const value = this.body[field];
    if (value === undefined || value === null) return null;
    return value === "" ? this.#inList(field, value, rule) : this.listed(field, rule);
  }

  /** A string that is there and not empty; null where the field fails. */
  requiredString(field: string): string | null {
    const value = this.body[field];
    if (typeof value === "string" && value !== "") return value;
    if (this.failsAlready(field)) return null;
    if (value === undefined || value === null || value === "") {
      const found = value === undefined ? "absent" : value === null ? "null" : "empty";
      this.fail(field, "required", `${field} is required, but it is ${found}`);
    } else {
      this.invalidType(field, "a string");
    }
    return null;
  }

  /** Whether strict reading found fault within the field; its error is then taken down. */
  failsAlready(field: string): boolean {
    if (this.#problems.length === 0) return false;
    const problem = this.#problems.find((candidate) => candidate.field === field);
    if (problem !== undefined) this.#failProblem(field, problem);
    return problem !== undefined;
  }

  /** Takes an error down. Returns the empty text, for use where a text is due. */
  fail(field: string, code: ErrorCode, message: string): "" {
    this.#errors.push({ field, code, message });
    return "";
  }

  /** `expected` is what to send instead: "a string". */
  invalidType(field: string, expected: string): "" {
    return this.fail(field, "invalid_type", `${field} is ${shown(this.body[field])}; send ${expected}`);
  }

  tooLong(field: string, rule: Pick<TextRule, "maxCharacters" | "isSecret">): "" {
    const text = this.body[field] as string;
    const subject = rule.isSecret ? field : `${field} ${shown(text)}`;
    const limits = `has ${countCharacters(text)} characters; at most ${rule.maxCharacters} are accepted`;
    return this.fail(field, "too_long", `${subject} ${limits}`);
  }

  /** The names of the fields that the table lacks, in the order of the body. */
  unknownFields(): string[] {
    return Object.keys(this.body).filter((field) => !this.#table.includes(field));
  }

  /** `value` if nothing failed, else the errors in the order of the table, those of unknown fields last. */
  result<T extends SentCredentials>(value: T): Parsed<T> {
    this.#failUnknownFields();
    if (this.#errors.length === 0) return { ok: true, value };
    const unusable = value.tenantId === "" || value.apiKey === "";
    const { tenantId, apiKey, namedUser } = value;
    const credentials = unusable ? null : { tenantId, apiKey, ...(namedUser === undefined ? {} : { namedUser }) };
    return { ok: false, errors: inFieldOrder(this.#errors, this.#table), credentials };
  }

  #inList<T extends string>(field: string, text: string, rule: ListRule<T>): T {
    const canonical = rule.canonical(text);
    return canonical ?? (this.fail(field, "invalid_value", `${field} ${shown(text)} ${rule.fault(text)}`) as T);
  }

  #failUnknownFields(): void {
    const problems = this.#problems.filter(({ field }) => field !== null && !this.#table.includes(field));
    for (const problem of problems.slice(0, MAX_UNKNOWN_FIELD_ERRORS)) {
      this.#failProblem(excerpt(problem.field as string), problem);
    }
  }

  #failProblem(field: string, problem: FieldProblem): void {
    this.fail(field, problem.kind, `${field} ${problem.message}`);
  }
}
