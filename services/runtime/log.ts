import { type DestinationStream, type Logger as PinoLogger, pino } from "pino";

export type Logger = PinoLogger;

export const logLevels = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const;
export type LogLevel = (typeof logLevels)[number];

export interface LogOptions {
  /** What the process is, e.g. `ingestion`; in every line. */
  readonly name: string;
  readonly level: LogLevel;
  /** Where lines go; standard output by default. */
  readonly destination?: DestinationStream;
}

/** Names of secrets, as fields and as headers, in every spelling that requests, messages and settings use. */
const secretNames = [
  "api_key",
  "apiKey",
  "x-api-key",
  "server_key",
  "serverKey",
  "key",
  "token",
  "operator_token",
  "operatorToken",
  "device_token",
  "deviceToken",
  "tracking_token",
  "trackingToken",
  "authorization",
  "Authorization",
  "cookie",
];

/** How deep below a line's top level secrets are looked for. */
const depth = 3;

const secretPaths = secretNames.flatMap((name) =>
  Array.from({ length: depth + 1 }, (_, level) => `${"*.".repeat(level)}["${name}"]`.replace(".[", "[")),
);

/** What a log line tells of an error. Other properties stay out: a driver's errors carry whole documents. */
function describeError(error: unknown): unknown {
  if (!(error instanceof Error)) return { message: String(error) };
  return {
    type: error.name,
    message: error.message,
    ...("code" in error && (typeof error.code === "string" || typeof error.code === "number") && { code: error.code }),
    stack: error.stack,
    ...(error.cause !== undefined && { cause: describeError(error.cause) }),
  };
}

/** A logger whose lines hold no secret that is logged under its usual name, up to three levels deep. */
export function createLogger({ name, level, destination }: LogOptions): Logger {
  const options = {
    name,
    level,
    redact: { paths: secretPaths, censor: "[redacted]" },
    serializers: { err: describeError },
  };
  return pino(options, destination ?? pino.destination(1));
}
