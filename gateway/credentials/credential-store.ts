import type { Client } from "@connectrpc/connect";
import { KeyKind } from "../../proto/gen/carillon/identity/v1/app_pb.js";
import type { IdentityService, ResolveKeyResponse } from "../../proto/gen/carillon/identity/v1/identity_service_pb.js";
import type { Clock } from "../../services/runtime/clock.ts";
import { createCachedLookup } from "./cached-lookup.ts";
import { secretHash } from "./secret-comparison.ts";
import { type UserSignaturePolicy, userSignaturePolicy } from "./user-signature.ts";

/** Longest key worth asking about, in UTF-16 units; http.md allows 256 characters. */
const MAX_KEY_LENGTH = 512;

/** The app and kind that a key opens. */
export interface Credential {
  readonly kind: "api" | "server";
  readonly tenantId: string;
  readonly appId: string;
  /** Of a client key whose app has an identity secret. */
  readonly userSignatures?: UserSignaturePolicy;
}

type KnownResolution = { readonly outcome: "active" | "revoked" } & Credential;

/** What identity says of a key. */
export type KeyResolution = KnownResolution | { readonly outcome: "unknown" };

export interface CredentialStore {
  /**
   * What a key opens. Rejects with an overloaded `RequestFault` where identity cannot be reached and nothing is
   * cached: that is never an unknown key.
   */
  resolve(key: string): Promise<KeyResolution>;
}

export interface CredentialStoreOptions {
  readonly identity: Client<typeof IdentityService>;
  readonly clock: Clock;
}

const UNKNOWN: KeyResolution = { outcome: "unknown" };

/** Asks identity for keys by their hashes and remembers what it said. */
export function createCredentialStore({ identity, clock }: CredentialStoreOptions): CredentialStore {
  const lookUp = createCachedLookup<KnownResolution>({
    clock,
    // A revoked key stays revoked, whatever a lagging replica of the store says.
    merge: (before, now) => (before.outcome === "revoked" && now.outcome === "active" ? before : now),
  });
  return {
    async resolve(key) {
      if (key.length > MAX_KEY_LENGTH) return UNKNOWN;
      const keyHash = secretHash(key);
      const found = await lookUp(keyHash.toString("base64"), async (call) =>
        resolutionOf(await identity.resolveKey({ keyHash }, call)),
      );
      return found ?? UNKNOWN;
    },
  };
}

function resolutionOf(answer: ResolveKeyResponse): KnownResolution | undefined {
  const outcome = answer.revoked ? "revoked" : "active";
  const app = { tenantId: answer.tenantId, appId: answer.appId };
  switch (answer.kind) {
    case KeyKind.API: {
      const userSignatures = userSignaturePolicy(answer.userSignatures);
      return { outcome, kind: "api", ...app, ...(userSignatures === undefined ? {} : { userSignatures }) };
    }
    case KeyKind.SERVER:
      return { outcome, kind: "server", ...app };
    default:
      return undefined;
  }
}
