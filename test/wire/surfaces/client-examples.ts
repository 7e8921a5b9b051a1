import { execFile, execFileSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import process from "node:process";

/** Longest that an example may take, in milliseconds: it starts an interpreter and makes one call. */
const TIMEOUT_MS = 30_000;

/** The programs that published examples are written for, as tests need them. */
const clients = {
  curl: { probe: ["curl", "--version"], packages: "curl" },
  php: { probe: ["php", "-r", "exit(function_exists('curl_init') ? 0 : 1);"], packages: "php-cli and php-curl" },
  python: { probe: ["python3", "-c", "import requests"], packages: "python3 and python3-requests" },
  node: { probe: [process.execPath, "--version"], packages: "Node.js" },
} as const;

export type Client = keyof typeof clients;

/** Whether a client is here; says on one line how to have it where it is not. */
export function hasClient(client: Client): boolean {
  const { probe, packages } = clients[client];
  try {
    execFileSync(probe[0], probe.slice(1), { stdio: "ignore" });
    return true;
  } catch {
    process.stderr.write(`published ${client} examples skipped: install ${packages}\n`);
    return false;
  }
}

/** Every request to an endpoint that the four published pages show, by the file in `examples/` that holds it as it stands. */
export const EXAMPLES = [
  ...["altcraft-json", "altcraft-xml", "altcraft-uid-json", "altcraft-uid-xml"],
  ...["appizer-json", "appizer-curl", "appizer-python", "appizer-fetch", "appizer-web-sdk"],
  ...["pushengage-curl", "pushengage-php", "pushengage-fetch"],
  // Of the page on events, and of the guide for mobile apps.
  "smartapppush-page-event-json",
  ...["smartapppush-event-json", "smartapppush-event-curl"],
  ...["smartapppush-opened-json", "smartapppush-opened-curl", "smartapppush-opened-fetch"],
] as const;

/** A published example with nothing but host and credentials replaced; each replacement must occur. */
export async function example(
  name: (typeof EXAMPLES)[number],
  replacements: Readonly<Record<string, string>>,
): Promise<string> {
  let text = await readFile(new URL(`examples/${name}.txt`, import.meta.url), "utf8");
  for (const [published, own] of Object.entries(replacements)) {
    if (!text.includes(published)) throw new Error(`the example ${name} does not contain ${published}`);
    text = text.replaceAll(published, own);
  }
  return text;
}

/** Runs an example with its client and resolves with what it prints. */
export function runExample(client: Client, text: string): Promise<string> {
  switch (client) {
    case "curl":
      return run("sh", ["-c", text]);
    case "php":
      return run("php", [], text);
    case "python":
      // The page shows the call without the import that it needs.
      return run("python3", ["-c", `import requests\n${text}`]);
    case "node":
      return run(process.execPath, ["--input-type=module", "-e", text]);
  }
}

function run(command: string, args: readonly string[], input = ""): Promise<string> {
  // Proxies of the machine are not on the way to the loopback.
  const env = { PATH: process.env.PATH, HOME: process.env.HOME, NO_PROXY: "*", no_proxy: "*" };
  return new Promise((resolve, reject) => {
    const child = execFile(command, args, { env, timeout: TIMEOUT_MS }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new Error(`${command} failed: ${stderr}`, { cause: error }));
    });
    child.stdin?.end(input);
  });
}
