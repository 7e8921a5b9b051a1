import { execFile } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";

const script = fileURLToPath(new URL("../../.ci/audit", import.meta.url));

/** What CI's audit says where the registry knows of these severities of one dependency; `undefined`: it answers nothing. */
async function audit(severities: readonly string[] | undefined) {
  const advisories = severities?.map((severity, index) => ({
    id: index + 1,
    url: "https://example.test/advisory",
    title: "made up",
    severity,
    vulnerable_versions: "*",
    cwe: [],
    cvss: { score: 0, vectorString: null },
  }));
  const registry = createServer((request, response) => {
    request.resume();
    if (request.url !== "/-/npm/v1/security/advisories/bulk" || advisories === undefined) response.statusCode = 404;
    const body = response.statusCode === 404 || advisories?.length === 0 ? {} : { fastify: advisories };
    response.setHeader("content-type", "application/json").end(JSON.stringify(body));
  });
  registry.listen(0, "127.0.0.1");
  await once(registry, "listening");
  const cache = await mkdtemp(join(tmpdir(), "carillon-audit-"));
  onTestFinished(async () => {
    registry.close();
    registry.closeAllConnections();
    await rm(cache, { recursive: true });
  });
  const { port } = registry.address() as AddressInfo;
  const env = { ...process.env, npm_config_registry: `http://127.0.0.1:${port}`, npm_config_cache: cache };
  return new Promise<{ readonly status: number; readonly output: string }>((resolve) => {
    execFile(script, { env }, (error, stdout) => resolve({ status: Number(error?.code ?? 0), output: stdout }));
  });
}

test("CI fails where a dependency has a vulnerability of high severity, and names it", async () => {
  const { status, output } = await audit(["low", "high"]);
  expect(status).toBe(1);
  expect(output).toContain("fastify");
  expect(output).toContain("Severity: high");
});

test("CI passes where vulnerabilities are less severe or there are none, and says how many there are", async () => {
  const { status, output } = await audit(["moderate"]);
  expect(JSON.parse(output)).toMatchObject({ moderate: 1, high: 0, critical: 0 });
  expect(status).toBe(0);
  expect(await audit([])).toMatchObject({ status: 0, output: expect.stringContaining('"total":0') });
});

test("CI says that it has not asked where the registry does not answer", async () => {
  const { status, output } = await audit(undefined);
  expect(output).toMatch(/^Skipped: npm audit/);
  expect(status).toBe(0);
});
