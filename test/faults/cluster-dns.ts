/**
 * Loaded into a process before its own script: names of services resolve to what a file says at that moment, as in a
 * cluster they resolve to the pods that are ready. The file is JSON, `{"ingestion.test":["127.0.0.2"]}`.
 */
import dns from "node:dns";
import { readFileSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";

const file = process.env.CLUSTER_DNS ?? "";
const lookUp = dns.promises.lookup;

dns.promises.lookup = ((name: string, options: dns.LookupAllOptions) => {
  if (!name.endsWith(".test")) return lookUp(name, options);
  const addresses = (JSON.parse(readFileSync(file, "utf8")) as Record<string, string[]>)[name];
  if (addresses === undefined || addresses.length === 0)
    return Promise.reject(Object.assign(new Error(`getaddrinfo ENOTFOUND ${name}`), { code: "ENOTFOUND" }));
  return Promise.resolve(addresses.map((address) => ({ address, family: 4 })));
}) as typeof dns.promises.lookup;
syncBuiltinESMExports();
