import type { Fault } from "../surfaces/fault.ts";

/** What is wrong with a request that goes nowhere: its method, where others are served (`allow`), or its path. */
export function unservedFault(allow: string | undefined): Fault {
  return allow === undefined ? { kind: "not_found" } : { kind: "method_not_allowed", allow };
}

/** A request's target without its query. */
export function pathOf(target: string): string {
  const query = target.indexOf("?");
  return query < 0 ? target : target.slice(0, query);
}
