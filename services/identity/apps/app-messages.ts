import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import {
  type App as AppMessage,
  AppSchema,
  type Key,
  KeySchema,
} from "../../../proto/gen/carillon/identity/v1/app_pb.js";
import { invalidArgument, received } from "../../runtime/request-arguments.ts";
import { MAX_ALLOWED_ORIGINS, parseAllowedOrigin } from "./allowed-origins.ts";
import type { App, AppKeyRecord } from "./app.ts";
import { isActive } from "./identity-secret.ts";

/** An app as operators read it: never with its secrets. */
export function appMessage({ createdAtMs, allowedOrigins, identitySecrets = [], ...app }: App): AppMessage {
  return create(AppSchema, {
    ...app,
    allowedOrigins: [...allowedOrigins],
    createTime: timestampFromMs(createdAtMs),
    identitySecrets: identitySecrets.map((secret) => ({
      secretId: secret.secretId,
      prefix: secret.prefix,
      createTime: timestampFromMs(secret.createdAtMs),
      ...(isActive(secret) ? {} : { revokeTime: timestampFromMs(secret.revokedAtMs) }),
    })),
  });
}

/** A key as operators read it. */
export function keyMessage({ keyId, kind, prefix, createdAtMs, revokedAtMs }: AppKeyRecord): Key {
  return create(KeySchema, {
    keyId,
    kind,
    prefix,
    createTime: timestampFromMs(createdAtMs),
    ...(revokedAtMs === undefined ? {} : { revokeTime: timestampFromMs(revokedAtMs) }),
  });
}

/**
 * Origins as they are stored, each once.
 *
 * @throws ConnectError INVALID_ARGUMENT naming the first one that is none
 */
export function parseAllowedOrigins(texts: readonly string[]): string[] {
  if (texts.length > MAX_ALLOWED_ORIGINS) {
    throw invalidArgument(`allowedOrigins has ${texts.length} elements; at most ${MAX_ALLOWED_ORIGINS} are possible`);
  }
  return [
    ...new Set(
      texts.map((text) => {
        const origin = parseAllowedOrigin(text);
        if (origin !== undefined) return origin;
        throw invalidArgument(
          `allowedOrigins: ${received(text)} is not an origin; give scheme, host and maybe port, as in "https://shop.example", "https://*.shop.example" or "http://localhost:*"`,
        );
      }),
    ),
  ];
}
