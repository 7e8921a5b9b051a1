import { readFileSync } from "node:fs";
import { join } from "node:path";
import { CliFailure, exitCode } from "./exit-code.ts";

const DEFAULT_PORT = "8080";
const DEFAULT_DATA_DIR = "./data";
const LOOPBACK = /^(localhost|127(\.\d+){3}|\[::1\])$/;

/** Options that every command takes, as given on the command line. */
export interface GlobalOptions {
  readonly url?: string;
  readonly token?: string;
  readonly tenant?: string;
  readonly app?: string;
  readonly json?: boolean;
}

/** Where the gateway is, how to be let in, and which app is meant. */
export interface Settings {
  /** Origin of the gateway, with an optional path, without a slash at the end. */
  readonly url: string;
  readonly token: string;
  /** Empty: the token's own app, if it is a server key. */
  readonly tenantId: string;
  readonly appId: string;
}

/** What `npm start` writes for its demo app; the key that commands do not need is left out. */
interface DemoApp {
  readonly tenant_id: string;
  readonly app_id: string;
  readonly api_key: string;
  readonly operator_token: string;
}

/** Where an event can be tried, and what it is sent with where its body does not say. */
export interface ClientSettings {
  readonly url: string;
  /** Of the local demo; undefined where there is none, or the gateway is elsewhere. */
  readonly demo: { readonly tenantId: string; readonly apiKey: string } | undefined;
}

/**
 * Options, then the environment, then the credentials that a local `npm start` wrote.
 *
 * Those are used for a gateway on this machine only, so that they never travel; and their app is meant only where
 * neither tenant nor app is named and the token is theirs.
 *
 * @throws {CliFailure} if the address is none, no token is to be found, or the credentials file cannot be read
 */
export function readSettings(options: GlobalOptions, env: NodeJS.ProcessEnv): Settings {
  const { url, file, demo } = readWhere(options, env);
  const token = options.token ?? (env.CARILLON_OPERATOR_TOKEN || demo?.operator_token);
  if (token === undefined || token === "") {
    throw new CliFailure(
      `No token. Give one with --token or CARILLON_OPERATOR_TOKEN; a local "npm start" leaves one in ${file}.`,
      exitCode.notAuthorized,
    );
  }
  const meansDemo = token === demo?.operator_token && options.tenant === undefined && options.app === undefined;
  return {
    url,
    token,
    tenantId: meansDemo ? demo.tenant_id : (options.tenant ?? ""),
    appId: meansDemo ? demo.app_id : (options.app ?? ""),
  };
}

/**
 * What a request needs that is keyed by its body; no token is looked for.
 *
 * @throws {CliFailure} if the address is none, or the credentials file cannot be read
 */
export function readClientSettings(options: GlobalOptions, env: NodeJS.ProcessEnv): ClientSettings {
  const { url, demo } = readWhere(options, env);
  return { url, demo: demo && { tenantId: demo.tenant_id, apiKey: demo.api_key } };
}

function readWhere(options: GlobalOptions, env: NodeJS.ProcessEnv) {
  const { origin, hostname, pathname } = parseUrl(options.url ?? (env.CARILLON_URL || localUrl(env)));
  const file = join(env.CARILLON_DATA_DIR || DEFAULT_DATA_DIR, "demo-app.json");
  const demo = LOOPBACK.test(hostname) ? readDemoApp(file) : undefined;
  return { url: `${origin}${pathname.replace(/\/+$/, "")}`, file, demo };
}

/** Where an `npm start` with this environment would listen. */
function localUrl(env: NodeJS.ProcessEnv): string {
  return `http://127.0.0.1:${env.CARILLON_HTTP_PORT || DEFAULT_PORT}`;
}

function parseUrl(text: string): URL {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new CliFailure(`"${text}" is no address of a gateway; it should look like ${localUrl({})}`, exitCode.usage);
  }
  return url;
}

function readDemoApp(file: string): DemoApp | undefined {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw new CliFailure(`Cannot read ${file}: ${(error as Error).message}`, exitCode.failed, { cause: error });
  }
  const demo = parseJson(text) as Partial<Record<keyof DemoApp, unknown>> | null;
  const { tenant_id, app_id, api_key, operator_token } = demo ?? {};
  if ([tenant_id, app_id, api_key, operator_token].every(isText)) return demo as DemoApp;
  throw new CliFailure(`${file} is not what "npm start" wrote; name the app and token by options`, exitCode.failed);
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}

/** The value, or null where the text is no JSON. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
