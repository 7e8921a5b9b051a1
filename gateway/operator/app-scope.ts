import type { DescMethod, Message } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { shown } from "../body/text.ts";
import type { AppStore } from "../credentials/app-store.ts";
import type { Caller } from "./caller.ts";
import { unavailable } from "./service-errors.ts";

/** The fields by which a request names its app. */
type NamesApp = Message & { tenantId: string; appId: string };

/** Whether a method's requests name an app; those of an app's own services must. */
export function namesApp(method: DescMethod): boolean {
  return method.input.field.tenantId?.scalar !== undefined && method.input.field.appId?.scalar !== undefined;
}

/**
 * Settles which app a request is about: a server key's own app, filled in; with the operator token the one named.
 * Throws `PERMISSION_DENIED` where a server key names any other app, whether that exists or not, and
 * `INVALID_ARGUMENT` where the operator names none.
 */
export function scopeToApp(request: Message, caller: Caller): void {
  const message = request as NamesApp;
  if (caller.kind === "operator") {
    if (message.tenantId !== "" && message.appId !== "") return;
    throw new ConnectError("with the operator token, name tenantId and appId", Code.InvalidArgument);
  }
  const namesOther = (sent: string, own: string) => sent !== "" && sent !== own;
  if (namesOther(message.tenantId, caller.tenantId) || namesOther(message.appId, caller.appId)) {
    throw new ConnectError("this server key opens its own app only", Code.PermissionDenied);
  }
  message.tenantId = caller.tenantId;
  message.appId = caller.appId;
}

/**
 * Makes sure that an app which the operator names exists: what is asked of, or registered for, any other one is a mistake.
 *
 * @throws ConnectError NOT_FOUND where there is none; UNAVAILABLE where that cannot be looked up
 */
export async function requireKnownApp(request: Message, apps: AppStore): Promise<void> {
  const { tenantId, appId } = request as NamesApp;
  const app = await apps.resolve(appId).catch((error: unknown) => {
    throw unavailable(error);
  });
  if (app?.tenantId === tenantId) return;
  throw new ConnectError(`tenant ${shown(tenantId)} has no app ${shown(appId)}`, Code.NotFound);
}

/** Throws `PERMISSION_DENIED` unless the platform's operator calls. */
export function requireOperator(caller: Caller): void {
  if (caller.kind !== "operator") throw new ConnectError("this needs the operator token", Code.PermissionDenied);
}
