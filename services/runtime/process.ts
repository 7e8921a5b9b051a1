import { type Config, type Environment, type Fields, readConfig, withDefault } from "./config.ts";
import { oneOf } from "./config-fields.ts";
import { createLifecycle, type Lifecycle } from "./lifecycle.ts";
import { createLogger, type Logger, type LogLevel, logLevels } from "./log.ts";
import { processOutput } from "./log-output.ts";
import { startTracing } from "./tracing.ts";

/** Milliseconds that stopping may take in all; a supervisor is promised 10 s. */
const stopWithinMs = 9_500;

const logSettings = { logLevel: withDefault("CARILLON_LOG_LEVEL", oneOf(logLevels), "info") };

export interface RunningProcess<F extends Fields> {
  readonly config: Config<F>;
  readonly log: Logger;
  /** For threads, which have loggers of their own. */
  readonly logLevel: LogLevel;
  readonly lifecycle: Lifecycle;
}

export interface ProcessOptions<F extends Fields> {
  /** What the process is, in its log lines. */
  readonly name: string;
  readonly environment: Environment;
  /** What it reads from the environment, besides the log level. */
  readonly settings: F;
  /** Starts everything in order, adding to the lifecycle what has to be stopped. */
  start(process: RunningProcess<F>): Promise<void>;
}

/**
 * Runs a process from its environment until SIGTERM or SIGINT: exit status 0 when everything was stopped within 10 s, 1
 * otherwise. Settings that are wrong and a start that fails are one line on standard error and status 1; an error that
 * nobody caught is logged and ends the process with status 1.
 */
export async function runProcess<F extends Fields>(options: ProcessOptions<F>): Promise<void> {
  const { name, environment, settings, start } = options;
  process.umask(0o077); // what it stores is for its own user: databases and their logs, credentials
  try {
    const config: Config<F> = readConfig(environment, { ...settings, ...logSettings });
    const { logLevel } = readConfig(environment, logSettings);
    const log = createLogger({ name, level: logLevel, destination: processOutput() });
    const lifecycle = createLifecycle(log);
    stopOnSignals(lifecycle, log);
    await startTracing(name, { environment, lifecycle });
    await start({ config, log, logLevel, lifecycle }).catch(async (error: unknown) => {
      await lifecycle.stop();
      throw error;
    });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    process.stderr.write(`carillon: ${message.replaceAll(/\s*\n\s*/g, " ")}\n`);
    process.exit(1);
  }
}

function stopOnSignals(lifecycle: Lifecycle, log: Logger): void {
  for (const event of ["unhandledRejection", "uncaughtException"] as const) {
    process.once(event, (error: unknown) => {
      log.fatal({ err: error }, event);
      process.exit(1);
    });
  }
  let stopping = false;
  const stop = async (signal: NodeJS.Signals) => {
    if (stopping) return; // a terminal and npm both pass the signal on
    stopping = true;
    log.info({ signal }, "stopping");
    setTimeout(() => {
      log.fatal({ stopWithinMs }, "could not stop in time");
      process.exit(1);
    }, stopWithinMs);
    process.exit((await lifecycle.stop()) ? 0 : 1);
  };
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, stop);
}
