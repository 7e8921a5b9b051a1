import { type Client, Code, ConnectError } from "@connectrpc/connect";
import type { IdentityService } from "../../proto/gen/carillon/identity/v1/identity_service_pb.js";
import type { Clock } from "../../services/runtime/clock.ts";
import { createCachedLookup } from "./cached-lookup.ts";

/** An app as browsers name it, without a key. */
export interface KnownApp {
  readonly tenantId: string;
  readonly appId: string;
  /** Origins whose browsers may send events, as identity stores them. */
  readonly allowedOrigins: readonly string[];
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
          const { app } = await identity.resolveApp({ appId }, call);
          return app === undefined ? undefined : { tenantId: app.tenantId, appId, allowedOrigins: app.allowedOrigins };
        } catch (error) {
          if (ConnectError.from(error).code === Code.NotFound) return undefined;
          throw error;
        }
      }),
  };
}
