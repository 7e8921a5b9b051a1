import { createClient } from "@connectrpc/connect";
import {
  VerificationFinding_Status as Status,
  type VerificationFinding,
  VerificationService,
} from "../../proto/gen/carillon/ingestion/v1/verification_service_pb.js";
import type { Cluster } from "./cluster.ts";

/** What `carillon verify` says of an app once everything is calm: nothing, if all is well. */
export async function verificationFindings(
  cluster: Cluster,
  app: { readonly tenantId: string; readonly appId: string },
): Promise<string[]> {
  const client = createClient(VerificationService, cluster.transportTo("ingestion", "reliable"));
  const told: string[] = [];
  for await (const { message } of client.verifyApp(app)) {
    if (message.case === "finding") told.push(sentence(message.value));
    if (message.case === "summary") return told;
  }
  return [...told, "verify ended without a summary"];
}

function sentence({ status, kind, subject, field, expected, actual }: VerificationFinding): string {
  const certainty = status === Status.DIFFERENCE ? "a difference" : "pending";
  return `verify finds ${certainty}: ${kind} ${subject}: ${field} is ${actual}, should be ${expected}`;
}
