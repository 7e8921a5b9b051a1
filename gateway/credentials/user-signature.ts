import { createHmac, createSecretKey, type KeyObject, timingSafeEqual } from "node:crypto";
import { Counter, type Registry } from "prom-client";
import type { UserSignaturePolicy as PolicyMessage } from "../../proto/gen/carillon/identity/v1/identity_service_pb.js";

/** How an app's clients prove which user they are. */
export interface UserSignaturePolicy {
  /** Whether an identified event without a valid signature is refused. */
  readonly required: boolean;
  /** Active identity secrets; a signature under any of them is valid. */
  readonly secrets: readonly KeyObject[];
}

/** A user that a client names. */
export interface NamedUser {
  readonly appUserId: string;
  /** As sent; empty where there is none. */
  readonly userSignature: string;
}

/** `malformed` is no hex SHA-256 at all, `wrong` is one of another user or under no active secret. */
export type SignatureVerdict = "valid" | "absent" | "malformed" | "wrong";

/** Counts and tells what a user's signature is worth under an app's policy. */
export type JudgeUserSignature = (surface: string, policy: UserSignaturePolicy, user: NamedUser) => SignatureVerdict;

const HEX_SHA256 = /^[0-9a-f]{64}$/i;

/** The policy that identity tells; undefined where the app's users are taken at their word. */
export function userSignaturePolicy(message: PolicyMessage | undefined): UserSignaturePolicy | undefined {
  if (message === undefined) return undefined;
  const secrets = message.identitySecrets.map((secret) => createSecretKey(secret, "utf8"));
  return { required: message.requireUserSignature, secrets };
}

/**
 * Whether a signature is the hex HMAC-SHA256 (RFC 2104) of the user id's UTF-8 under one of the secrets. It is compared
 * with all of them, in a time that does not depend on where it differs.
 */
export function verifyUserSignature(user: NamedUser, secrets: readonly KeyObject[]): SignatureVerdict {
  if (user.userSignature === "") return "absent";
  if (!HEX_SHA256.test(user.userSignature)) return "malformed";
  const sent = Buffer.from(user.userSignature, "hex");
  let isValid = false;
  for (const secret of secrets) {
    const expected = createHmac("sha256", secret).update(user.appUserId, "utf8").digest();
    if (timingSafeEqual(sent, expected)) isValid = true;
  }
  return isValid ? "valid" : "wrong";
}

/** A judge that counts what it saw, so that an operator knows when signatures can be required. */
export function createUserSignatureJudge(registry: Registry): JudgeUserSignature {
  const verdicts = new Counter({
    name: "carillon_gateway_user_signatures_total",
    help: "Users named by clients of apps that have an identity secret, by what their signature is worth.",
    labelNames: ["surface", "verdict"],
    registers: [registry],
  });
  return (surface, policy, user) => {
    const verdict = verifyUserSignature(user, policy.secrets);
    verdicts.inc({ surface, verdict });
    return verdict;
  };
}
