import type { LoadOrder } from "../load/messages.ts";
import type { ProcessUse } from "./process-use.ts";

/** Something that takes events over HTTP, in processes of its own. */
export interface Target {
  readonly port: number;
  /** What an event's request looks like there. */
  readonly request: Pick<LoadOrder, "path" | "app" | "headers">;
  /** What its processes used so far, together, those of its database included. */
  use(): ProcessUse;
  /** Ends it, and tells how many events it has stored since it was started. Its files stay until {@link Target.remove}. */
  stopAndCount(): Promise<number>;
  /** Removes its files, unless they were there before it. */
  remove(): Promise<void>;
}
