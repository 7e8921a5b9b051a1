import type { Transport } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import type { Accepted } from "../model/accepted.ts";
import { differencesFrom } from "../simulation/compare.ts";
import { shownState } from "../simulation/final-state.ts";

export interface OperatorApi {
  readonly url: string;
  readonly operatorToken: string;
}

/** The operator API at the gateway, for generated clients. */
export function operatorTransport({ url, operatorToken }: OperatorApi): Transport {
  return createConnectTransport({
    baseUrl: url,
    httpVersion: "1.1",
    defaultTimeoutMs: 30_000,
    interceptors: [
      (next) => (request) => {
        request.header.set("authorization", `Bearer ${operatorToken}`);
        return next(request);
      },
    ],
  });
}

/** What differs between the state that the operator API shows of an app and the one that follows from what was accepted. */
export async function differences(
  transport: Transport,
  app: { readonly tenantId: string; readonly appId: string },
  accepted: Accepted,
): Promise<string[]> {
  const { tenantId, appId } = app;
  return differencesFrom(await shownState({ transportTo: () => transport }, { tenantId, appId }), accepted);
}
