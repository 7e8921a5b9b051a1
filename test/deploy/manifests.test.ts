import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { describe, expect, test } from "vitest";
import { freePorts } from "../../services/trial/free-ports.ts";
import { type Edge, outerEdges, processes, serviceEdges, storeEdges } from "./edges.ts";
import {
  baseManifests,
  found,
  type Manifest,
  overlays,
  parseManifests,
  podTemplate,
  renderOverlay,
} from "./manifests.ts";
import { allowedEdges } from "./network-policies.ts";

const missing = [
  ...(found("kustomize", "version") ? [] : ["kustomize"]),
  ...(found("kubeconform", "-v") ? [] : ["kubeconform"]),
];
const onPath = process.env.PATH?.split(delimiter) ?? [];
const kubeUp = onPath.map((folder) => join(folder, "kube-up")).find((file) => found("test", "-x", file));
const schemas = onPath.map((folder) => join(folder, "kubernetes-schemas")).find((path) => found("test", "-d", path));
if (missing.length > 0) process.stderr.write(`skipped: rendered manifests; put ${missing.join(", ")} on PATH\n`);
if (!kubeUp) process.stderr.write("skipped: manifests applied to a Kubernetes API server; put kube-up on PATH\n");

const sorted = (edges: readonly Edge[]) => edges.map(({ from, to, port }) => `${from} -> ${to}:${port}`).sort();
const ofKind = (manifests: readonly Manifest[], kind: string) => manifests.filter((manifest) => manifest.kind === kind);
const named = (manifests: readonly Manifest[], kind: string) =>
  ofKind(manifests, kind).map(({ metadata }) => metadata.name);

function checkPods(manifests: readonly Manifest[]): void {
  for (const manifest of manifests) {
    const template = podTemplate(manifest);
    if (template === undefined) continue;
    const { spec } = template;
    expect(spec, manifest.metadata.name).toMatchObject({
      automountServiceAccountToken: false,
      securityContext: { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } },
    });
    for (const container of spec.containers) {
      expect(container.securityContext, container.name).toEqual({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ["ALL"] },
      });
      expect(Object.keys(container.resources?.requests ?? {}).sort(), container.name).toEqual(["cpu", "memory"]);
      expect(container.resources?.limits, container.name).toHaveProperty("memory");
      if (manifest.kind === "Job") continue;
      expect(container.livenessProbe, container.name).toBeDefined();
      expect(container.readinessProbe, container.name).toBeDefined();
    }
  }
}

function checkNoInlineSecret(manifests: readonly Manifest[]): void {
  expect(ofKind(manifests, "Secret")).toEqual([]);
  const values = manifests.flatMap((manifest) => [
    ...Object.entries(manifest.data ?? {}),
    ...(podTemplate(manifest)?.spec.containers ?? []).flatMap(({ env = [] }) =>
      env.map(({ name, value = "" }) => [name, value] as const),
    ),
  ]);
  for (const [name, value] of values) {
    if (/TOKEN|PASSWORD|SECRET|DATABASE_URL|REDIS_URL/.test(name)) expect([name, value]).toEqual([name, ""]);
  }
}

describe("the base", () => {
  const base = baseManifests();

  test("has for each process everything that it needs to run", () => {
    for (const kind of ["Deployment", "Service", "PodDisruptionBudget", "HorizontalPodAutoscaler"])
      expect(named(base, kind).sort(), kind).toEqual([...processes].sort());
    for (const kind of ["ServiceAccount", "NetworkPolicy"])
      expect(named(base, kind), kind).toEqual(expect.arrayContaining([...processes, "smoke"]));
    for (const { metadata, spec } of ofKind(base, "Service"))
      expect(spec?.clusterIP, metadata.name).toBe(metadata.name === "gateway" ? undefined : "None");
  });

  test("has pods with probes, requests and limits that may do nothing which they need not", () => checkPods(base));

  test("gives pods more time to end than a process takes", () => {
    for (const deployment of ofKind(base, "Deployment"))
      expect(podTemplate(deployment)?.spec.terminationGracePeriodSeconds).toBeGreaterThan(15);
  });

  test("holds no secret, only references to them", () => checkNoInlineSecret(base));

  test("lets through the edges that are declared and no others", () => {
    const allowed = allowedEdges(base);
    const inner = [...serviceEdges, ...storeEdges];
    const isTo = (name: string) => (edge: Edge) => edge.to.startsWith(name);
    expect(sorted(allowed.out)).toEqual(sorted([...inner, ...outerEdges.filter(isTo("namespace"))]));
    const publicEdge = { from: "everybody", to: "gateway", port: 8080 };
    const intoServices = serviceEdges.filter(({ from }) => from !== "smoke");
    expect(sorted(allowed.in)).toEqual(
      sorted([...intoServices, publicEdge, ...outerEdges.filter((edge) => !isTo("namespace")(edge))]),
    );
  });

  test("denies what no policy names", () => {
    expect(ofKind(base, "NetworkPolicy").find(({ metadata }) => metadata.name === "default-deny")?.spec).toEqual({
      podSelector: {},
      policyTypes: ["Ingress", "Egress"],
    });
    for (const { spec } of ofKind(base, "NetworkPolicy")) expect(spec?.policyTypes).toEqual(["Ingress", "Egress"]);
  });
});

describe.each(missing.length > 0 ? [] : overlays)("the overlay %s", (overlay) => {
  const text = missing.length > 0 ? "" : renderOverlay(overlay);
  const manifests = parseManifests(text);

  test("keeps to the strict schemas of Kubernetes", () => {
    const location = schemas ? `${schemas}/{{ .ResourceKind }}{{ .KindSuffix }}.json` : "default";
    const check = spawnSync("kubeconform", ["-strict", "-summary", "-schema-location", location], {
      input: text,
      encoding: "utf8",
    });
    expect(check.stdout + check.stderr).toMatch(/Invalid: 0, Errors: 0, Skipped: 0/);
  });

  test("has pods that are as confined as the base's", () => checkPods(manifests));

  test("holds no secret, only references to them", () => checkNoInlineSecret(manifests));

  test("refers to settings that are there, and every process knows whom it calls", () => {
    const maps = new Map(ofKind(manifests, "ConfigMap").map(({ metadata, data }) => [metadata.name, data ?? {}]));
    for (const name of processes) {
      const deployment = ofKind(manifests, "Deployment").find(({ metadata }) => metadata.name === name) as Manifest;
      const [container] = podTemplate(deployment)?.spec.containers ?? [];
      const settings = maps.get(container?.envFrom?.[0]?.configMapRef?.name ?? "");
      expect(settings, name).toBeDefined();
      const callees = serviceEdges.filter(({ from }) => from === name).map(({ to }) => to);
      const addresses = Object.entries(settings ?? {}).filter(([variable]) => variable.endsWith("_ADDRESS"));
      expect(Object.fromEntries(addresses)).toEqual(
        Object.fromEntries(callees.map((to) => [`CARILLON_${to.toUpperCase()}_ADDRESS`, `dns:///${to}:9090`])),
      );
    }
  });

  test("asks a process for its health in a way that it answers", () => {
    for (const name of processes) {
      const deployment = ofKind(manifests, "Deployment").find(({ metadata }) => metadata.name === name) as Manifest;
      const [container] = podTemplate(deployment)?.spec.containers ?? [];
      const map = ofKind(manifests, "ConfigMap").find(
        ({ metadata }) => metadata.name === container?.envFrom?.[0]?.configMapRef?.name,
      );
      const encrypted = map?.data?.CARILLON_TLS_DIR !== undefined;
      expect(encrypted).toBe(overlay === "production");
      const http = name === "gateway" ? "http" : "metrics";
      expect(container?.livenessProbe).toMatchObject({ httpGet: { path: "/healthz", port: http } });
      expect(container?.readinessProbe).toMatchObject(
        encrypted || name === "gateway" ? { httpGet: { path: "/readyz", port: http } } : { grpc: { port: 9090 } },
      );
      expect(container?.readinessProbe).not.toHaveProperty(encrypted ? "grpc" : "exec");
    }
  });

  test("lets through no edges between pods but those that are declared", () => {
    const declared = sorted([...serviceEdges, ...storeEdges]);
    const { out, in: into } = allowedEdges(manifests);
    const inner = ({ from, to }: Edge) =>
      !/^(namespace|network|everybody)/.test(from) && !/^(namespace|network)/.test(to);
    for (const edge of sorted([...out, ...into].filter(inner))) expect(declared).toContain(edge);
    for (const edge of serviceEdges) expect(sorted(out)).toContain(sorted([edge])[0]);
  });
});

describe.skipIf(missing.length > 0 || !kubeUp)("a Kubernetes API server with restricted pods", () => {
  test("takes both overlays, and every pod of them, without a warning", async () => {
    const folder = await startApiServer(kubeUp as string);
    const kubectl = (args: string[], input: string) =>
      spawnSync("kubectl", ["--kubeconfig", `${folder}/kubeconfig`, ...args], { input, encoding: "utf8" });
    try {
      for (const overlay of overlays) {
        const text = renderOverlay(overlay);
        const applied = kubectl(["apply", "--server-side", "--force-conflicts", "-f", "-"], text);
        expect(applied.stderr).toBe("");
        expect(applied.status).toBe(0);
        const pods = parseManifests(text).flatMap((manifest) => podOf(manifest));
        const created = kubectl(["apply", "--server-side", "--dry-run=server", "-f", "-"], JSON.stringify(list(pods)));
        expect(created.stderr).toBe("");
        expect(created.status).toBe(0);
        kubectl(["--namespace", "carillon", "delete", "job", "smoke"], ""); // cannot be changed by the next one
      }
      const privileged = { kind: "Pod", apiVersion: "v1", metadata: { name: "root", namespace: "carillon" } };
      const refused = kubectl(
        ["create", "--dry-run=server", "-f", "-"],
        JSON.stringify({ ...privileged, spec: { containers: [{ name: "root", image: "root" }] } }),
      );
      expect(refused.stderr).toContain('violates PodSecurity "restricted');
    } finally {
      stopApiServer(folder);
    }
  }, 180_000);
});

/** The folder of a running server. It gives up by itself where the machine is too busy at the moment: two more tries. */
async function startApiServer(kubeUp: string, tries = 3): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "carillon-kube-"));
  const [port = 0] = await freePorts("127.0.0.1", 1);
  const up = spawnSync(kubeUp, [folder, `${port}`], { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  if (up.status === 0) return folder;
  stopApiServer(folder);
  if (tries === 1) throw new Error(`the Kubernetes API server did not start: ${up.stderr}`);
  return startApiServer(kubeUp, tries - 1);
}

function stopApiServer(folder: string): void {
  spawnSync(`${folder}/stop`);
  rmSync(folder, { recursive: true });
}

function podOf(manifest: Manifest): object[] {
  const template = podTemplate(manifest);
  if (template === undefined) return [];
  // Volumes that a StatefulSet claims are not the pod's own.
  const claims = (manifest.spec?.volumeClaimTemplates ?? []) as { metadata: { name: string } }[];
  const volumes = claims.map(({ metadata }) => ({ name: metadata.name, emptyDir: {} }));
  const own = (template.spec as { volumes?: object[] }).volumes ?? [];
  return [
    {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: `pod-of-${manifest.metadata.name}`, namespace: "carillon", labels: template.metadata.labels },
      spec: { ...template.spec, volumes: [...own, ...volumes] },
    },
  ];
}

function list(items: readonly object[]): object {
  return { apiVersion: "v1", kind: "List", items };
}
