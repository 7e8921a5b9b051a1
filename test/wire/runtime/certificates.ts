import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export const opensslFound = spawnSync("openssl", ["version"]).status === 0;
if (!opensslFound) process.stderr.write("skipped: TLS between processes; put openssl on PATH to have it\n");

function openssl(cwd: string, ...args: string[]): void {
  const { status, stderr } = spawnSync("openssl", args, { cwd, encoding: "utf8" });
  if (status !== 0) throw new Error(`openssl ${args[0]}: ${stderr}`);
}

/** A certificate authority, in a folder of its own. */
export interface Authority {
  /** Writes `ca.crt`, `tls.crt` and `tls.key` to a folder, for the names and addresses (`DNS:a`, `IP:127.0.0.1`). */
  issue(folder: string, names: readonly string[]): void;
}

export function createAuthority(): Authority {
  const folder = mkdtempSync(join(tmpdir(), "carillon-ca-"));
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  openssl(folder, "req", "-x509", ...key, "-keyout", "ca.key", "-out", "ca.crt", "-subj", "/CN=test", "-days", "2");
  return {
    issue(to, names) {
      mkdirSync(to, { recursive: true });
      openssl(folder, "req", ...key, "-keyout", join(to, "tls.key"), "-out", "request.csr", "-subj", "/CN=carillon");
      writeFileSync(join(folder, "names"), `subjectAltName=${names.join(",")}\n`);
      const authority = ["-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-extfile", "names", "-days", "2"];
      openssl(folder, "x509", "-req", "-in", "request.csr", "-out", join(to, "tls.crt"), ...authority);
      openssl(folder, "x509", "-in", "ca.crt", "-out", join(to, "ca.crt"));
    },
  };
}
