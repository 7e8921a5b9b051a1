import type { AppKey } from "../../runtime/app-key.ts";
import type { DocumentKind } from "../../storage/versioned-documents.ts";

/** How far the removal of what an app no longer keeps has come. */
export interface Retention {
  readonly app: AppKey;
  /** Days that the last complete pass kept. */
  readonly days: number;
  /** When that pass began, milliseconds since 1970; 0 before the first. */
  readonly passedMs: number;
  /**
   * Fingerprints whose journal entries are to be counted anew: noted before anything is removed, so that whoever goes on
   * after a crash counts them.
   */
  readonly causes: readonly string[];
}

/** By the key of the app; found by `isUncounted` where there are causes. */
export const retentionKind: DocumentKind<Retention> = {
  name: "retentions",
  fields: { isUncounted: ({ causes }) => (causes.length > 0 ? 1 : null) },
};
