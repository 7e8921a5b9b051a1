import { readFile, rename, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { makeDataFolder } from "./data-folder.ts";

/** What a trial needs to know of its demo app, as `demo-app.json` in the data folder holds it. */
export interface DemoCredentials {
  /** Of the platform operator. */
  readonly operatorToken: string;
  /** The demo app; absent where the store had apps before the file was written. */
  readonly app:
    | { readonly tenantId: string; readonly appId: string; readonly apiKey: string; readonly serverKey: string }
    | undefined;
}

/** The credentials of an earlier start. */
export interface DemoCredentialsFile {
  /** Undefined where there is no file. Rejects with one line naming the file where it cannot be read. */
  read(): Promise<DemoCredentials | undefined>;
  /** Replaces the file at once, readable by its owner alone. */
  write(credentials: DemoCredentials): Promise<void>;
}

/** `demo-app.json` in the data folder. */
export function demoCredentialsFile(dataDir: string): DemoCredentialsFile {
  const file = join(dataDir, "demo-app.json");
  return {
    read: () => readCredentials(file),
    write: (credentials) => writeCredentials(file, credentials),
  };
}

async function readCredentials(file: string): Promise<DemoCredentials | undefined> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw unusable("read", file, error);
  }
  try {
    return parse(JSON.parse(text));
  } catch (error) {
    throw new Error(`${file} does not hold credentials; remove it to have new ones made`, { cause: error });
  }
}

function parse(value: Record<string, unknown>): DemoCredentials {
  const field = (name: string): string => {
    const found = value[name];
    if (typeof found !== "string" || found === "") throw new Error(`${name} is missing`);
    return found;
  };
  const operatorToken = field("operator_token");
  if (value.app_id === undefined) return { operatorToken, app: undefined };
  return {
    operatorToken,
    app: {
      tenantId: field("tenant_id"),
      appId: field("app_id"),
      apiKey: field("api_key"),
      serverKey: field("server_key"),
    },
  };
}

async function writeCredentials(file: string, { app, operatorToken }: DemoCredentials): Promise<void> {
  const content = {
    ...(app && { tenant_id: app.tenantId, app_id: app.appId, api_key: app.apiKey, server_key: app.serverKey }),
    operator_token: operatorToken,
  };
  await makeDataFolder(dirname(file));
  try {
    const draft = `${file}.new`;
    await writeFile(draft, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600, flush: true });
    await rename(draft, file);
  } catch (error) {
    throw unusable("write", file, error);
  }
}

function unusable(what: "read" | "write", file: string, cause: unknown): Error {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new Error(`cannot ${what} ${file} in CARILLON_DATA_DIR: ${reason}`, { cause });
}
