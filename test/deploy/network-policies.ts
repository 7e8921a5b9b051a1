import type { Edge } from "./edges.ts";
import type { Manifest } from "./manifests.ts";

interface Peer {
  readonly podSelector?: { readonly matchLabels?: Record<string, string> };
  readonly namespaceSelector?: { readonly matchLabels?: Record<string, string> };
  readonly ipBlock?: { readonly cidr: string };
}

interface Rule {
  readonly from?: Peer[];
  readonly to?: Peer[];
  readonly ports?: { readonly port: number }[];
}

interface PolicySpec {
  readonly podSelector: { readonly matchLabels?: Record<string, string> };
  readonly policyTypes?: string[];
  readonly ingress?: Rule[];
  readonly egress?: Rule[];
}

const NAME = "app.kubernetes.io/name";

/** Edges that policies let out of pods, and into pods; a connection needs both. */
export function allowedEdges(manifests: readonly Manifest[]): { readonly out: Edge[]; readonly in: Edge[] } {
  const policies = manifests.filter(({ kind }) => kind === "NetworkPolicy");
  const allowed = { out: [] as Edge[], in: [] as Edge[] };
  for (const { metadata, spec } of policies) {
    const { podSelector, ingress = [], egress = [] } = spec as unknown as PolicySpec;
    const pod = podSelector.matchLabels?.[NAME];
    if (pod === undefined) continue;
    if (pod !== metadata.name) throw new Error(`the policy ${metadata.name} is about ${pod}`);
    for (const rule of ingress)
      for (const from of peersOf(rule.from)) for (const port of portsOf(rule)) allowed.in.push({ from, to: pod, port });
    for (const rule of egress)
      for (const to of peersOf(rule.to)) for (const port of portsOf(rule)) allowed.out.push({ from: pod, to, port });
  }
  return allowed;
}

/** A rule without peers is about everybody, one without ports about all of them. */
function peersOf(peers: readonly Peer[] | undefined): string[] {
  return peers?.map(nameOf) ?? ["everybody"];
}

function portsOf({ ports }: Rule): number[] {
  return [...new Set(ports?.map(({ port }) => port) ?? [Number.NaN])];
}

function nameOf({ podSelector, namespaceSelector, ipBlock }: Peer): string {
  if (ipBlock !== undefined) return `network ${ipBlock.cidr}`;
  const namespace = namespaceSelector?.matchLabels?.["kubernetes.io/metadata.name"];
  if (namespaceSelector !== undefined) return `namespace ${namespace}`;
  return podSelector?.matchLabels?.[NAME] ?? "every pod";
}
