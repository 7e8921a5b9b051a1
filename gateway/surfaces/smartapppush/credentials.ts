import type { Credential } from "../../credentials/credential-store.ts";
import type { SurfaceContext } from "../surface-context.ts";
import { type Endpoint, type FieldError, inFieldOrder, type Rejection, rejectFields, unknownApiKey } from "./errors.ts";
import type { Parsed, SentCredentials } from "./field-reader.ts";
import { signatureError } from "./named-user.ts";

/** A body that follows its field table and names an app, or the answer that refuses it. */
export type Authenticated<T> =
  | { readonly ok: true; readonly value: T; readonly app: Credential }
  /** `app`: where the body is wrong, but its credentials are right. */
  | { readonly ok: false; readonly rejection: Rejection; readonly app: Credential | null };

export interface AuthenticateOptions {
  readonly endpoint: Endpoint;
  /** The endpoint's field table, in its order. */
  readonly fields: readonly string[];
  readonly context: Pick<SurfaceContext, "credentials" | "judgeUserSignature">;
}

/**
 * Finds the app of a body by its tenant and key, and checks the signature of the user that it names where the app
 * requires one. An unknown key, or a signature that is not valid, is one of the errors, beside those of other fields.
 * Rejects with an overloaded `RequestFault` where keys cannot be looked up; a body that is wrong anyway is refused
 * for what is known to be wrong.
 */
export async function authenticate<T extends SentCredentials>(
  parsed: Parsed<T>,
  { endpoint, fields, context }: AuthenticateOptions,
): Promise<Authenticated<T>> {
  if (parsed.ok) {
    const app = await appOf(parsed.value, context);
    if (app === null) return { ok: false, rejection: rejectFields([unknownApiKey()], endpoint), app };
    const fault = signatureFault(parsed.value, app, context);
    if (fault === null) return { ok: true, value: parsed.value, app };
    return { ok: false, rejection: rejectFields([fault], endpoint), app };
  }
  const sent = parsed.credentials;
  const app = sent === null ? undefined : await appOfFaulty(sent, context);
  const fault = app === null ? unknownApiKey() : app && sent && signatureFault(sent, app, context);
  const errors = fault ? inFieldOrder([...parsed.errors, fault], fields) : parsed.errors;
  return { ok: false, rejection: rejectFields(errors, endpoint), app: app ?? null };
}

/** What is wrong with the signature of the user that a body names; null where nothing is, or none is required. */
function signatureFault(
  { namedUser }: SentCredentials,
  { userSignatures }: Credential,
  { judgeUserSignature }: AuthenticateOptions["context"],
): FieldError | null {
  if (userSignatures === undefined || namedUser === undefined) return null;
  const verdict = judgeUserSignature("smartapppush", userSignatures, namedUser);
  return verdict === "valid" || !userSignatures.required ? null : signatureError(verdict);
}

/** The app that the key opens; null for a key that is unknown, revoked, of another tenant or no client key. */
async function appOf(
  sent: SentCredentials,
  { credentials }: Pick<SurfaceContext, "credentials">,
): Promise<Credential | null> {
  const key = await credentials.resolve(sent.apiKey);
  return key.outcome === "active" && key.kind === "api" && key.tenantId === sent.tenantId ? key : null;
}

/** As {@link appOf}; undefined where keys cannot be looked up. */
async function appOfFaulty(
  sent: SentCredentials,
  context: Pick<SurfaceContext, "credentials">,
): Promise<Credential | null | undefined> {
  try {
    return await appOf(sent, context);
  } catch {
    // The request is refused in any case; whether its key is unknown as well cannot be told.
    return undefined;
  }
}
