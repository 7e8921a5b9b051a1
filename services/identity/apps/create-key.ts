import type { CreateKeyRequest } from "../../../proto/gen/carillon/identity/v1/app_service_pb.js";
import { invalidArgument, received } from "../../runtime/request-arguments.ts";
import type { IdentityContext } from "../context.ts";
import { generateKey, isKeyKind } from "./credentials.ts";
import { findApp } from "./find-app.ts";
import { newKey } from "./register-app.ts";

/** Adds a key to an app; the key is in this answer and nowhere else. */
export async function createKey({ store, clock }: IdentityContext, request: CreateKeyRequest) {
  const { kind } = request;
  if (!isKeyKind(kind)) throw invalidArgument(`kind is ${received(kind)}; it must be "api" or "server"`);
  const { value: app } = await findApp(store, request);
  const key = generateKey(kind);
  const write = newKey({ ...app, createdAtMs: clock.now() }, kind, key);
  await store.keys.save([write]);
  return { keyId: write.value.keyId, key };
}
