/** What the process exits with, so that scripts can tell failures apart. */
export const exitCode = {
  ok: 0,
  failed: 1,
  usage: 2,
  notFound: 3,
  notAuthorized: 4,
  unreachable: 5,
} as const;

export type ExitCode = (typeof exitCode)[keyof typeof exitCode];

/** A failure that is told in one message and needs no stack trace. */
export class CliFailure extends Error {
  override readonly name = "CliFailure";
  readonly exitCode: ExitCode;

  constructor(message: string, code: ExitCode, options?: ErrorOptions) {
    super(message, options);
    this.exitCode = code;
  }
}
