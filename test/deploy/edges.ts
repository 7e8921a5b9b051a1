/** Who may open connections to whom; every other connection within the namespace is refused. */
export interface Edge {
  readonly from: string;
  readonly to: string;
  readonly port: number;
}

const grpc = (from: string, targets: readonly string[]): Edge[] => targets.map((to) => ({ from, to, port: 9090 }));

/** The processes, which is what the name of a Deployment says. */
export const processes = ["gateway", "ingestion", "identity", "device", "tracking"] as const;
const services = processes.filter((name) => name !== "gateway");

/** Connections between the processes (README, Five processes). */
export const serviceEdges: readonly Edge[] = [
  ...grpc("gateway", ["ingestion", "identity", "device", "tracking"]),
  ...grpc("ingestion", ["device", "identity", "tracking"]),
  ...grpc("device", ["ingestion"]),
  ...grpc("identity", ["device", "ingestion"]),
  ...grpc("tracking", ["device", "ingestion"]),
  { from: "smoke", to: "gateway", port: 8080 },
];

/** Connections to stores, wherever they are. */
export const storeEdges: readonly Edge[] = [
  ...services.map((from) => ({ from, to: "mongodb", port: 27017 })),
  { from: "gateway", to: "redis", port: 6379 },
];

/** Connections that come from, or go to, other namespaces. */
export const outerEdges: readonly Edge[] = [
  ...processes.map((to) => ({ from: "namespace monitoring", to, port: 9464 })),
  ...[...processes, "smoke"].map((from) => ({ from, to: "namespace kube-system", port: 53 })),
];
