import type { Format } from "./config-fields.ts";

/** Every variable there is (the README's table of settings); a process may be given those that only others read. */
const variables = [
  "CARILLON_HOST",
  "CARILLON_HTTP_PORT",
  "CARILLON_GRPC_PORT",
  "CARILLON_METRICS_PORT",
  "CARILLON_DATA_DIR",
  "CARILLON_DATABASE_URL",
  "CARILLON_REDIS_URL",
  "CARILLON_RATE_LIMIT",
  "CARILLON_SERVER_RATE_LIMIT",
  "CARILLON_TRUSTED_PROXIES",
  "CARILLON_OPERATOR_TOKEN",
  "CARILLON_TLS_DIR",
  "CARILLON_INGESTION_ADDRESS",
  "CARILLON_IDENTITY_ADDRESS",
  "CARILLON_DEVICE_ADDRESS",
  "CARILLON_TRACKING_ADDRESS",
  "CARILLON_LOG_LEVEL",
] as const;

export type Variable = (typeof variables)[number];

/** Variables that no process reads: where the tests find servers, and where the command line client finds a gateway. */
const notForProcesses = /^CARILLON_(TEST_.*|URL)$/;

/** One setting: the variable, its format, and what holds when it is not set. */
export interface Field<T> {
  readonly variable: Variable;
  readonly format: Format<T>;
  /** Without it the variable is required; `undefined` where the setting may be absent. */
  readonly fallback?: { readonly value: T | undefined };
}

/** A setting that has to be given. */
export function required<T>(variable: Variable, format: Format<T>): Field<T> {
  return { variable, format };
}

/** A setting with a default. */
export function withDefault<T>(variable: Variable, format: Format<T>, value: T): Field<T> {
  return { variable, format, fallback: { value } };
}

/** A setting that may be absent. */
export function optional<T>(variable: Variable, format: Format<T>): Field<T | undefined> {
  return { variable, format, fallback: { value: undefined } };
}

/** What is wrong with the environment, as one line for the operator. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
}

export type Environment = Readonly<Record<string, string | undefined>>;

export type Fields = Readonly<Record<string, Field<unknown>>>;

/** The settings that fields describe. */
export type Config<F extends Fields> = { readonly [K in keyof F]: F[K] extends Field<infer T> ? T : never };

/**
 * Reads settings from environment variables.
 *
 * @throws ConfigError naming every variable that is missing, wrong or unknown, what was received, and what would be right
 */
export function readConfig<F extends Fields>(environment: Environment, fields: F): Config<F> {
  const faults = unknownVariables(environment);
  const values: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(fields)) {
    const outcome = readField(environment, field);
    if ("fault" in outcome) faults.push(outcome.fault);
    else values[name] = outcome.value;
  }
  if (faults.length > 0) throw new ConfigError(faults.join("; "));
  return values as Config<F>;
}

function readField(environment: Environment, field: Field<unknown>): { value: unknown } | { fault: string } {
  const { variable, format, fallback } = field;
  const text = environment[variable];
  if (text === undefined) return fallback ?? { fault: `${variable} is not set and should be ${format.expected}` };
  const value = format.parse(text);
  if (value !== undefined) return { value };
  const received = format.secret ? `a value of ${text.length} characters` : JSON.stringify(text);
  return { fault: `${variable} is ${received} and should be ${format.expected}` };
}

function unknownVariables(environment: Environment): string[] {
  const known: readonly string[] = variables;
  return Object.keys(environment)
    .filter((name) => name.startsWith("CARILLON_") && !notForProcesses.test(name) && !known.includes(name))
    .sort()
    .map((name) => `${name} is no setting of Carillon; there are ${variables.join(", ")}`);
}
