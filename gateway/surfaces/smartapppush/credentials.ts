import type { CredentialStore } from "../../credentials/credential-store.ts";
import { type Endpoint, inFieldOrder, type Rejection, rejectFields, unknownApiKey } from "./errors.ts";
import type { Parsed, SentCredentials } from "./field-reader.ts";

/** A body that follows its field table and names an app, or the answer that refuses it. */
export type Authenticated<T> =
  | { readonly ok: true; readonly value: T; readonly appId: string }
  /** `app`: where the body is wrong, but its credentials are right. */
  | { readonly ok: false; readonly rejection: Rejection; readonly app: { tenantId: string; appId: string } | null };

export interface AuthenticateOptions {
  readonly endpoint: Endpoint;
  /** The endpoint's field table, in its order. */
  readonly fields: readonly string[];
  readonly credentials: CredentialStore;
}

/**
 * Finds the app of a body by its tenant and key. An unknown key is one of the errors, beside those of other fields.
 * Rejects with an overloaded `RequestFault` where keys cannot be looked up; a body that is wrong anyway is refused
 * for what is known to be wrong.
 */
export async function authenticate<T extends SentCredentials>(
  parsed: Parsed<T>,
  { endpoint, fields, credentials }: AuthenticateOptions,
): Promise<Authenticated<T>> {
  if (parsed.ok) {
    const appId = await appOf(parsed.value, credentials);
    if (appId !== null) return { ok: true, value: parsed.value, appId };
    return { ok: false, rejection: rejectFields([unknownApiKey()], endpoint), app: null };
  }
  const { tenantId } = parsed.credentials ?? { tenantId: "" };
  const appId = parsed.credentials === null ? undefined : await appOfFaulty(parsed.credentials, credentials);
  const errors = appId === null ? inFieldOrder([...parsed.errors, unknownApiKey()], fields) : parsed.errors;
  const app = typeof appId === "string" ? { tenantId, appId } : null;
  return { ok: false, rejection: rejectFields(errors, endpoint), app };
}

/** The app that the key opens; null for a key that is unknown, revoked, of another tenant or no client key. */
async function appOf(sent: SentCredentials, credentials: CredentialStore): Promise<string | null> {
  const key = await credentials.resolve(sent.apiKey);
  return key.outcome === "active" && key.kind === "api" && key.tenantId === sent.tenantId ? key.appId : null;
}

/** As {@link appOf}; undefined where keys cannot be looked up. */
async function appOfFaulty(sent: SentCredentials, credentials: CredentialStore): Promise<string | null | undefined> {
  try {
    return await appOf(sent, credentials);
  } catch {
    // The request is refused in any case; whether its key is unknown as well cannot be told.
    return undefined;
  }
}
