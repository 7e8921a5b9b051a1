import type { NamedUser, SignatureVerdict } from "../../credentials/user-signature.ts";
import type { FieldError } from "./errors.ts";
import type { FieldReader } from "./field-reader.ts";

const FIELD = "user_signature";

/** The user that a body names with its signature, for `SentCredentials`; nothing for an anonymous body. */
export function readNamedUser(fields: FieldReader, appUserId: string): { readonly namedUser?: NamedUser } {
  const value = fields.body[FIELD];
  if (value !== undefined && value !== null && typeof value !== "string") {
    if (!fields.failsAlready(FIELD)) fields.invalidType(FIELD, "a string, or leave it out");
    return {};
  }
  return appUserId === "" ? {} : { namedUser: { appUserId, userSignature: value ?? "" } };
}

const ADVICE = "send the hex HMAC-SHA256 of app_user_id that the app's backend makes with its identity secret";

/**
 * What is wrong with a signature that is required. Messages never show it: it may be right for another user.
 */
export function signatureError(verdict: Exclude<SignatureVerdict, "valid">): FieldError {
  switch (verdict) {
    case "absent": {
      const message = `user_signature is required by this app for an app_user_id, but it is absent; ${ADVICE}`;
      return { field: FIELD, code: "required", message };
    }
    case "malformed":
      return { field: FIELD, code: "invalid_format", message: `user_signature is not 64 hex digits; ${ADVICE}` };
    case "wrong":
      return {
        field: FIELD,
        code: "invalid_value",
        message: `user_signature is not the one of app_user_id; ${ADVICE}`,
      };
  }
}
