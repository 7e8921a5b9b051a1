/** What the commands see of the process that they run in. */
export interface Console {
  readonly env: NodeJS.ProcessEnv;
  /** Milliseconds since 1970. */
  now(): number;
  /** Standard input. */
  readonly input: NodeJS.ReadableStream;
  /** Results. */
  out(text: string): void;
  /** Notes and failures. */
  err(text: string): void;
  /** Width of the terminal that `out` writes to; undefined where that is a file or a pipe. */
  readonly columns: number | undefined;
}
