import type { DescService, Message } from "@bufbuild/protobuf";
import {
  Code,
  ConnectError,
  createClient,
  createRouterTransport,
  type ServiceImpl,
  type Transport,
} from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import type { AppStore } from "../../../../gateway/credentials/app-store.ts";
import type { CredentialStore, KeyResolution } from "../../../../gateway/credentials/credential-store.ts";
import { secretHash } from "../../../../gateway/credentials/secret-comparison.ts";
import { type ForwarderOptions, forwardServices } from "../../../../gateway/operator/forwarder.ts";
import { overloadedFault } from "../../../../gateway/surfaces/fault.ts";
import { systemClock } from "../../../../services/runtime/clock.ts";
import { hostedService } from "../../../../services/runtime/hosted-service.ts";
import { createLocalTransport } from "../../../../services/runtime/local-transport.ts";
import { createLogger } from "../../../../services/runtime/log.ts";
import { virtualClock } from "../../../wire/gateway/virtual-clock.ts";
import { madeService } from "./streams.ts";

const logger = createLogger({ name: "test", level: "silent" });
const headers = { authorization: "Bearer server-key" };
const credentials: CredentialStore = {
  resolve: async () => ({ outcome: "active", kind: "server", tenantId: "t1", appId: "app1" }),
};

const apps: AppStore = {
  resolve: async (appId) => (appId === "app1" ? { tenantId: "t1", appId, allowedOrigins: [] } : undefined),
};

type Tail = (request: Message & { tenantId: string; appId: string }, context: { signal: AbortSignal }) => unknown;

function forwarded(definition: DescService, tail: Tail, overrides: Partial<ForwarderOptions> = {}) {
  const handlers = { tail } as unknown as ServiceImpl<DescService>;
  const transport = createLocalTransport([hostedService(definition, handlers)], { log: logger });
  const draining = new AbortController().signal;
  const secrets = { apps, credentials, operatorTokenHash: secretHash("operator") };
  const services = [{ definition, transport, scope: "app" as const }];
  const options = { ...secrets, services, clock: systemClock, logger, draining, ...overrides };
  const routes = createRouterTransport((router) => forwardServices(router, options));
  return createClient(definition, routes) as unknown as {
    tail(request: object, options: object): AsyncIterable<{ text: string }>;
  };
}

async function texts(stream: AsyncIterable<{ text: string }>): Promise<string[]> {
  const received: string[] = [];
  for await (const { text } of stream) received.push(text);
  return received;
}

const streaming = { serverStreaming: true, requestFields: ["tenant_id", "app_id"] };

describe("forwarded streams", () => {
  it("carry the app of the caller there and every message back", async () => {
    const client = forwarded(madeService(streaming), async function* ({ tenantId, appId }) {
      yield { text: `${tenantId}/${appId}` };
      yield { text: "second" };
    });
    expect(await texts(client.tail({}, { headers }))).toEqual(["t1/app1", "second"]);
  });

  it("are refused as other calls are", async () => {
    const client = forwarded(madeService(streaming), async function* () {
      yield { text: "never" };
    });
    await expect(texts(client.tail({}, {}))).rejects.toMatchObject({ code: Code.Unauthenticated });
    const other = texts(client.tail({ appId: "app2" }, { headers }));
    await expect(other).rejects.toMatchObject({ code: Code.PermissionDenied });
  });

  it("are not passed on once their caller's deadline is over", async () => {
    const lookup = Promise.withResolvers<KeyResolution>();
    const passedOn: string[] = [];
    const transport: Transport = {
      unary: () => Promise.reject(new Error("no unary call is made")),
      stream({ name }) {
        passedOn.push(name);
        return Promise.reject(new ConnectError("too late"));
      },
    };
    const definition = madeService(streaming);
    const client = forwarded(definition, () => undefined, {
      credentials: { resolve: () => lookup.promise },
      services: [{ definition, transport, scope: "app" }],
    });
    const late = texts(client.tail({}, { headers, timeoutMs: 1 }));
    await expect(late).rejects.toMatchObject({ code: Code.DeadlineExceeded });
    lookup.resolve({ outcome: "active", kind: "server", tenantId: "t1", appId: "app1" });
    await new Promise(setImmediate);
    expect(passedOn).toEqual([]);
  });

  it("mask what a service fails with between messages", async () => {
    const client = forwarded(madeService(streaming), async function* () {
      yield { text: "first" };
      throw new ConnectError("cursor of shard 7 died", Code.Internal);
    });
    await expect(texts(client.tail({}, { headers }))).rejects.toMatchObject({
      code: Code.Internal,
      rawMessage: "internal error",
    });
  });

  it("end as unavailable when the gateway stops", async () => {
    const draining = new AbortController();
    const client = forwarded(
      madeService(streaming),
      async function* () {
        yield { text: "first" };
        await new Promise(() => undefined);
      },
      { draining: draining.signal },
    );
    const iterator = client.tail({}, { headers })[Symbol.asyncIterator]();
    expect((await iterator.next()).value).toMatchObject({ text: "first" });
    const next = iterator.next();
    draining.abort();
    await expect(next).rejects.toMatchObject({ code: Code.Unavailable });
  });

  it("end when the key that opened them is revoked, and not while keys cannot be looked up", async () => {
    const clock = virtualClock();
    let looks = 0;
    const answers: Partial<Record<number, () => KeyResolution>> = {
      1: () => {
        throw overloadedFault();
      },
      2: () => ({ outcome: "revoked", kind: "server", tenantId: "t1", appId: "app1" }),
    };
    const resolve = async (): Promise<KeyResolution> => {
      looks += 1;
      return answers[looks - 1]?.() ?? credentials.resolve("");
    };
    const client = forwarded(
      madeService(streaming),
      async function* (_, { signal }) {
        yield { text: "first" };
        await new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
      },
      { clock, credentials: { resolve } },
    );
    const iterator = client.tail({}, { headers })[Symbol.asyncIterator]();
    await iterator.next();
    let isOver = false;
    const next = iterator.next().catch((error: unknown) => {
      isOver = true;
      return ConnectError.from(error).code;
    });
    await clock.advance(1_000);
    expect([looks, isOver]).toEqual([2, false]);
    await clock.advance(1_000);
    expect(await next).toBe(Code.Unauthenticated);
    expect(clock.sleeping).toBe(0);
  });

  it("end at the service when their reader leaves", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const client = forwarded(madeService(streaming), async function* (_, { signal }) {
      signal.addEventListener("abort", () => resolve());
      yield { text: "first" };
      await new Promise(() => undefined);
    });
    const leaving = new AbortController();
    const iterator = client.tail({}, { headers, signal: leaving.signal })[Symbol.asyncIterator]();
    await iterator.next();
    const next = iterator.next().catch((error: unknown) => ConnectError.from(error).code);
    leaving.abort();
    expect(await next).toBe(Code.Canceled);
    await promise;
  });
});

describe("services that cannot be forwarded safely", () => {
  it("are refused at start where requests name no app", () => {
    const definition = madeService({ requestFields: ["tenant_id"] });
    expect(() => forwarded(definition, () => ({}))).toThrow("TailService/Tail names no app");
  });

  it("are refused at start where requests are streams", () => {
    const definition = madeService({ ...streaming, clientStreaming: true });
    // The local transport refuses them as well, so only the definition is hosted here.
    const options = { apps, credentials, operatorTokenHash: secretHash("operator"), clock: systemClock, logger };
    const draining = new AbortController().signal;
    const transport = createLocalTransport([], { log: logger });
    const routes = () =>
      createRouterTransport((router) =>
        forwardServices(router, { ...options, draining, services: [{ definition, transport, scope: "app" }] }),
      );
    expect(routes).toThrow("streams of requests");
  });
});
