import { existsSync, readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parse } from "yaml";
import { createGatewayCalls, smoke } from "../../deploy/smoke/smoke.ts";
import { processNames } from "../faults/process.ts";
import { startTopology, type Topology } from "../faults/topology.ts";
import { deployFolder } from "./manifests.ts";

const root = new URL("../../", import.meta.url);
const read = (path: string) => readFileSync(new URL(path, root), "utf8");

interface Metric {
  readonly name: string;
  readonly type: string;
  /** Sorted; empty also where nothing was measured yet. */
  readonly labels: readonly string[];
}

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly summary: string; readonly runbook: string };
}

/** Shown only with the other store, so not by the processes of this test. */
const withMongodb = ["carillon_store_connections_in_use"];

/** The table in docs/operations.md. */
const documented = new Map(
  [...read("docs/operations.md").matchAll(/^\| `(carillon_\w+)` \| (\w+) \|([^|]*)\|/gm)].map(
    ([, name = "", type = "", labels = ""]) => {
      const names = [...labels.matchAll(/`(\w+)`/g)].map(([, label]) => label as string).sort();
      return [name, { name, type, labels: names } satisfies Metric] as const;
    },
  ),
);

let topology: Topology;
const shown = new Map<string, Metric>();

beforeAll(async () => {
  topology = await startTopology();
  await topology.ready();
  await smoke(createGatewayCalls(topology));
  for (const name of processNames)
    for (const metric of await metricsOf(topology.metricsUrl(name))) shown.set(metric.name, metric);
});
afterAll(() => topology.close());

async function metricsOf(url: string): Promise<Metric[]> {
  const text = await (await fetch(url)).text();
  return [...text.matchAll(/^# TYPE (\w+) (\w+)$/gm)].map(([, name = "", type = ""]) => {
    const samples = [...text.matchAll(new RegExp(`^${name}(?:_bucket|_sum|_count)?\\{([^}]*)\\}`, "gm"))];
    const labels = samples.flatMap(([, pairs = ""]) =>
      [...pairs.matchAll(/(\w+)="/g)].map(([, label]) => label as string),
    );
    return { name, type, labels: [...new Set(labels)].filter((label) => label !== "le").sort() };
  });
}

/** Names of metrics in a query, without what Prometheus appends to those of histograms. */
function metricsIn(query: string): string[] {
  const names = query.match(/\b(?:carillon|process|nodejs)_\w+/g) ?? [];
  return names.map((name) =>
    shown.has(name) || documented.has(name) ? name : name.replace(/_(bucket|sum|count)$/, ""),
  );
}

test("the table of metrics is what the processes show", () => {
  const own = [...shown.values()].filter(({ name }) => name.startsWith("carillon_"));
  expect([...own.map(({ name }) => name), ...withMongodb].sort()).toEqual([...documented.keys()].sort());
  for (const { name, type, labels } of own) {
    expect(documented.get(name)?.type, name).toBe(type);
    if (labels.length > 0) expect(documented.get(name)?.labels, name).toEqual(labels);
  }
});

test("the dashboard asks for metrics that exist, one question a panel", () => {
  const { panels } = JSON.parse(read("deploy/observability/grafana-dashboard.json")) as {
    panels: { title: string; targets: { expr: string }[] }[];
  };
  const queries = panels.flatMap(({ targets }) => targets.map(({ expr }) => expr));
  const asked = new Set(queries.flatMap(metricsIn));
  for (const name of asked) expect(shown.has(name) || documented.has(name), name).toBe(true);
  for (const name of documented.keys()) expect([...asked], name).toContain(name);
  for (const query of queries) expect(metricsIn(query), query).not.toEqual([]);
});

test("every alert asks for metrics that exist, and its runbook entry is there", () => {
  const { groups } = parse(readFileSync(`${deployFolder}observability/prometheus-rules.yaml`, "utf8")) as {
    groups: { rules: Rule[] }[];
  };
  const rules = groups.flatMap((group) => group.rules);
  const entries = [...read("docs/runbook.md").matchAll(/^## (\w+)$/gm)].map(([, name]) => name);
  expect(rules.map(({ alert }) => alert).sort()).toEqual([...entries].sort());
  for (const { alert, expr, labels, annotations } of rules) {
    for (const name of metricsIn(expr)) expect(shown.has(name) || documented.has(name), `${alert}: ${name}`).toBe(true);
    expect(expr).toMatch(/\b(carillon|process|nodejs|up)\b|carillon_|process_|nodejs_/);
    expect(["page", "ticket"]).toContain(labels.severity);
    const [file = "", anchor] = annotations.runbook.split("#");
    expect(existsSync(new URL(file, root))).toBe(true);
    expect(anchor).toBe(alert.toLowerCase());
  }
});
