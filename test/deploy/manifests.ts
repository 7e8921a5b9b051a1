import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseAllDocuments } from "yaml";

/** A Kubernetes object, as far as all kinds agree. */
export interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly labels?: Record<string, string> };
  readonly spec?: Readonly<Record<string, unknown>>;
  readonly data?: Readonly<Record<string, string>>;
}

/** A pod's containers and what they are allowed, as our checks read it. */
export interface PodTemplate {
  readonly metadata: { readonly labels: Record<string, string> };
  readonly spec: {
    readonly automountServiceAccountToken?: boolean;
    readonly securityContext?: Record<string, unknown>;
    readonly terminationGracePeriodSeconds?: number;
    readonly containers: readonly Container[];
  };
}

export interface Container {
  readonly name: string;
  readonly command?: string[];
  readonly env?: { readonly name: string; readonly value?: string; readonly valueFrom?: Record<string, unknown> }[];
  readonly envFrom?: { readonly configMapRef?: { readonly name: string } }[];
  readonly securityContext?: Record<string, unknown>;
  readonly resources?: { readonly requests?: Record<string, string>; readonly limits?: Record<string, string> };
  readonly livenessProbe?: Record<string, unknown>;
  readonly readinessProbe?: Record<string, unknown>;
  readonly startupProbe?: Record<string, unknown>;
}

export const deployFolder = fileURLToPath(new URL("../../deploy/", import.meta.url));

/** The documents of YAML text; throws where it is none. */
export function parseManifests(text: string): Manifest[] {
  return parseAllDocuments(text).map((document) => {
    if (document.errors.length > 0) throw new Error(String(document.errors[0]));
    return document.toJS() as Manifest;
  });
}

/** The base's own files, without its kustomization. */
export function baseManifests(): Manifest[] {
  const folder = `${deployFolder}kustomize/base/`;
  const files = readdirSync(folder).filter((name) => name !== "kustomization.yaml");
  return files.flatMap((name) => parseManifests(readFileSync(folder + name, "utf8")));
}

/** The pods that an object makes; none if it makes none. */
export function podTemplate({ kind, spec }: Manifest): PodTemplate | undefined {
  return ["Deployment", "StatefulSet", "Job"].includes(kind) ? (spec?.template as PodTemplate) : undefined;
}

export const overlays = ["local", "production"] as const;

/** Whether a program is on PATH. */
export function found(program: string, ...args: string[]): boolean {
  return spawnSync(program, args).status === 0;
}

/** An overlay rendered by kustomize, as text. */
export function renderOverlay(overlay: (typeof overlays)[number]): string {
  const { status, stdout, stderr } = spawnSync("kustomize", ["build", `${deployFolder}kustomize/overlays/${overlay}`], {
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`kustomize build of ${overlay}: ${stderr}`);
  return stdout;
}
