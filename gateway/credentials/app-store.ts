import { type Client, Code, ConnectError } from "@connectrpc/connect";
import type { IdentityService } from "../../proto/gen/carillon/identity/v1/identity_service_pb.js";
import type { Clock } from "../../services/runtime/clock.ts";
import { createCachedLookup } from "./cached-lookup.ts";
import { type UserSignaturePolicy, userSignaturePolicy } from "./user-signature.ts";

/** An app as browsers name it, without a key. */
export interface KnownApp {
  readonly tenantId: string;
  readonly appId: string;
  /** Origins whose browsers may send events, as identity stores them. */
  readonly allowedOrigins: readonly string[];
  /** Where the app has an identity secret. */
  readonly userSignatures?: UserSignaturePolicy;
}

export interface AppStore {
  /**
   * The app of an id; undefined if there is none. Rejects with an overloaded `RequestFault` where identity cannot be
   * reached and nothing is cached.
   */
  resolve(appId: string): Promise<KnownApp | undefined>;
}

/** Asks identity for apps by their ids and remembers what it said as long as for keys. */
export function createAppStore({
  identity,
  clock,
}: {
  identity: Client<typeof IdentityService>;
  clock: Clock;
}): AppStore {
  const lookUp = createCachedLookup<KnownApp>({ clock });
  return {
    resolve: (appId) =>
      lookUp(appId, async (call) => {
        try {
          const { app, userSignatures: sent } = await identity.resolveApp({ appId }, call);
          if (app === undefined) return undefined;
          const userSignatures = userSignaturePolicy(sent);
          const { tenantId, allowedOrigins } = app;
          return { tenantId, appId, allowedOrigins, ...(userSignatures === undefined ? {} : { userSignatures }) };
        } catch (error) {
          if (ConnectError.from(error).code === Code.NotFound) return undefined;
          throw error;
        }
      }),
  };
}
