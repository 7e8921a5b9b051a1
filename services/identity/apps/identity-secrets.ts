import { Code, ConnectError } from "@connectrpc/connect";
import type {
  CreateIdentitySecretRequest,
  RevokeIdentitySecretRequest,
  SetRequireUserSignatureRequest,
} from "../../../proto/gen/carillon/identity/v1/app_service_pb.js";
import { notFound, received } from "../../runtime/request-arguments.ts";
import type { IdentityContext } from "../context.ts";
import { generateIdentitySecretId } from "./app.ts";
import { appMessage } from "./app-messages.ts";
import { changeApp } from "./change-app.ts";
import { generateIdentitySecret } from "./credentials.ts";
import { isActive, MAX_ACTIVE_SECRETS, newIdentitySecret, withRevoked } from "./identity-secret.ts";

/** Adds a secret that signs users; it is in this answer and nowhere else that operators see. */
export async function createIdentitySecret(context: IdentityContext, request: CreateIdentitySecretRequest) {
  const secretId = generateIdentitySecretId();
  const secret = generateIdentitySecret();
  const added = newIdentitySecret(secretId, secret, context.clock.now());
  await changeApp(context, request, (app) => {
    const secrets = app.identitySecrets ?? [];
    if (secrets.filter(isActive).length < MAX_ACTIVE_SECRETS) return { ...app, identitySecrets: [...secrets, added] };
    throw failedPrecondition(`the app has ${MAX_ACTIVE_SECRETS} active identity secrets; revoke one of them first`);
  });
  return { secretId, secret };
}

/** Ends a secret; revoking it again changes nothing. Required signatures need one that stays. */
export async function revokeIdentitySecret(context: IdentityContext, request: RevokeIdentitySecretRequest) {
  const { secretId } = request;
  const nowMs = context.clock.now();
  const changed = await changeApp(context, request, (app) => {
    const secrets = app.identitySecrets ?? [];
    if (!secrets.some((secret) => secret.secretId === secretId))
      throw notFound(`the app has no identity secret ${received(secretId)}`);
    const identitySecrets = withRevoked(secrets, secretId, nowMs);
    if (app.requireUserSignature === true && !identitySecrets.some(isActive)) {
      throw failedPrecondition(
        "this is the only active identity secret, and signatures are required: create another one first, or stop requiring signatures",
      );
    }
    return { ...app, identitySecrets };
  });
  return { app: appMessage(changed) };
}

/** Sets whether identified events of clients need a valid signature. */
export async function setRequireUserSignature(context: IdentityContext, request: SetRequireUserSignatureRequest) {
  const { requireUserSignature } = request;
  const changed = await changeApp(context, request, (app) => {
    if (requireUserSignature && !(app.identitySecrets ?? []).some(isActive))
      throw failedPrecondition("the app has no active identity secret to check signatures by; create one first");
    return { ...app, requireUserSignature };
  });
  return { app: appMessage(changed) };
}

function failedPrecondition(message: string): ConnectError {
  return new ConnectError(message, Code.FailedPrecondition);
}
