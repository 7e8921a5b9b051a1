import type { Item, Queue } from "./queue.ts";

/** One kind of thing to send: where it waits, where it goes and what the answers mean. */
export interface Channel {
  readonly queue: Queue;
  readonly url: string;
  /** Most items a request. */
  readonly maxItems: number;
  /** Body of a request. */
  body(items: readonly Item[]): string;
  /** Items that need no further request, out of those that an accepted request sent. */
  done(items: readonly Item[], answer: unknown): readonly Item[];
}
