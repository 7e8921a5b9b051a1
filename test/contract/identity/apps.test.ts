import { createHash } from "node:crypto";
import { Code } from "@connectrpc/connect";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { KeyKind } from "../../../proto/gen/carillon/identity/v1/app_pb.js";
import { DEMO_TENANT, hasNoApps, seedDemoApp } from "../../../services/identity/apps/demo-app.ts";
import { generateAppCredentials, registerApp } from "../../../services/identity/apps/register-app.ts";
import type { IdentityStore } from "../../../services/identity/store.ts";
import { StoreUnavailableError } from "../../../services/runtime/store-unavailable-error.ts";
import { type IdentityClients, identityInstance } from "./identity-fixture.ts";
import { adapters, type OpenStore } from "./stores.ts";
import { type VirtualClock, virtualClock } from "./virtual-clock.ts";

describe.each(adapters)("apps and keys on $name", ({ open }) => {
  let clock: VirtualClock;
  let opened: OpenStore;
  let store: IdentityStore;
  let service: IdentityClients;

  beforeAll(async () => {
    clock = virtualClock(Date.UTC(2026, 0, 1));
    opened = await open(clock);
    store = opened.store;
    service = identityInstance({ store, clock });
  });
  afterAll(() => opened.close());

  function resolve(key: string) {
    return service.identity.resolveKey({ keyHash: createHash("sha256").update(key).digest() });
  }

  async function newApp(tenantId = "acme") {
    const { app, apiKey, serverKey } = await service.apps.createApp({ tenantId, name: "Shop" });
    return { app: app!, named: { tenantId, appId: app!.appId }, apiKey, serverKey };
  }

  test("a store without apps is empty until the demo app is there, and seeding it again changes nothing", async () => {
    expect(await hasNoApps(store)).toBe(true);
    const credentials = generateAppCredentials(DEMO_TENANT);
    const created = await seedDemoApp({ store, clock }, credentials);
    expect(created.allowedOrigins).toEqual(["http://localhost:*", "http://127.0.0.1:*"]);
    expect(await hasNoApps(store)).toBe(false);

    const named = { tenantId: DEMO_TENANT, appId: credentials.appId };
    await service.apps.setAllowedOrigins({ ...named, allowedOrigins: [] });
    const { keys } = await service.apps.listKeys(named);
    await service.apps.revokeKey({ ...named, keyId: keys.find(({ kind }) => kind === "server")!.keyId });
    clock.advance(1_000);
    const again = await seedDemoApp({ store, clock }, credentials);
    expect(again).toEqual({ ...created, allowedOrigins: [] });
    expect((await service.apps.listKeys(named)).keys).toHaveLength(2);
    expect(await resolve(credentials.apiKey)).toMatchObject({ ...named, kind: KeyKind.API, revoked: false });
    expect(await resolve(credentials.serverKey)).toMatchObject({ ...named, kind: KeyKind.SERVER, revoked: true });
  });

  test("a new app has one key of each kind, and can be found by its id alone", async () => {
    const { app, named, apiKey, serverKey } = await newApp();
    expect(app).toMatchObject({ ...named, name: "Shop", allowedOrigins: [] });
    expect(await resolve(apiKey)).toMatchObject({ ...named, kind: KeyKind.API, revoked: false });
    expect(await resolve(serverKey)).toMatchObject({ ...named, kind: KeyKind.SERVER, revoked: false });
    expect((await service.identity.resolveApp({ appId: app.appId })).app).toEqual(app);
  });

  test("a key that nobody made opens nothing, and an app that nobody made is not found", async () => {
    expect(await resolve("cpk_unknown")).toMatchObject({ kind: KeyKind.UNSPECIFIED, tenantId: "", appId: "" });
    await expect(service.identity.resolveApp({ appId: "app_unknown" })).rejects.toMatchObject({ code: Code.NotFound });
    await expect(service.identity.resolveKey({ keyHash: new Uint8Array(31) })).rejects.toMatchObject({
      code: Code.InvalidArgument,
    });
  });

  test("keys are stored as hashes only", async () => {
    const { named, apiKey, serverKey } = await newApp();
    const stored = JSON.stringify(await store.keys.page({ keyPrefix: "", limit: 1_000 }));
    for (const key of [apiKey, serverKey]) expect(stored).not.toContain(key.slice(0, 12));
    const { keys } = await service.apps.listKeys(named);
    expect(keys.map(({ prefix }) => prefix).toSorted()).toEqual(
      [apiKey.slice(0, 10), serverKey.slice(0, 10)].toSorted(),
    );
  });

  test("an app that is not completed leaves nothing visible, and can be completed later", async () => {
    const credentials = generateAppCredentials("half");
    const registration = { ...credentials, name: "Half", allowedOrigins: [] };
    const save = () => Promise.reject(new StoreUnavailableError("killed", { reason: "failed" }));
    const beforeKeys: IdentityStore = { ...store, keys: { ...store.keys, save } };
    const beforeApp: IdentityStore = { ...store, apps: { ...store.apps, save } };
    for (const crashing of [beforeKeys, beforeApp]) {
      await expect(registerApp({ store: crashing, clock }, registration)).rejects.toThrow("killed");
    }
    expect((await service.apps.listApps({ tenantId: "half" })).apps).toEqual([]);
    expect((await resolve(credentials.serverKey)).kind).toBe(KeyKind.UNSPECIFIED);

    await registerApp({ store, clock }, registration);
    expect((await service.apps.listApps({ tenantId: "half" })).apps).toHaveLength(1);
    expect((await resolve(credentials.serverKey)).kind).toBe(KeyKind.SERVER);
    expect((await service.apps.listKeys(credentials)).keys).toHaveLength(2);
  });

  test("keys can be added and revoked, and revoking one again keeps its time", async () => {
    const { named, serverKey } = await newApp();
    clock.advance(1_000);
    const { keyId, key } = await service.apps.createKey({ ...named, kind: "server" });
    expect((await resolve(key)).kind).toBe(KeyKind.SERVER);
    const revoke = { ...named, keyId };
    await Promise.all([service.apps.revokeKey(revoke), service.apps.revokeKey(revoke)]);
    const { keys } = await service.apps.listKeys(named);
    clock.advance(1_000);
    await service.apps.revokeKey(revoke);
    expect((await service.apps.listKeys(named)).keys).toEqual(keys);
    expect(keys.at(-1)).toMatchObject({ keyId, kind: "server", prefix: key.slice(0, 10) });
    expect(keys.map(({ revokeTime }) => revokeTime !== undefined)).toEqual([false, false, true]);
    expect(await resolve(key)).toMatchObject({ ...named, kind: KeyKind.SERVER, revoked: true });
    expect((await resolve(serverKey)).revoked).toBe(false);
  });

  test("a key of another app, and a key or app that nobody made, is not found", async () => {
    const [one, other] = [await newApp(), await newApp()];
    const { keys } = await service.apps.listKeys(other.named);
    const { keyId } = keys[0]!;
    for (const fail of [
      () => service.apps.revokeKey({ ...one.named, keyId }),
      () => service.apps.revokeKey({ ...one.named, keyId: "key_unknown" }),
      () => service.apps.revokeKey({ ...one.named, appId: "app_unknown", keyId }),
      () => service.apps.listKeys({ ...one.named, tenantId: "other" }),
      () => service.apps.createKey({ ...one.named, tenantId: "other", kind: "api" }),
      () => service.apps.setAllowedOrigins({ ...one.named, appId: "app_unknown", allowedOrigins: [] }),
    ]) {
      await expect(fail()).rejects.toMatchObject({ code: Code.NotFound });
    }
    expect((await service.apps.listKeys(other.named)).keys).toEqual(keys);
  });

  test.each(["", "API", "public", "x".repeat(100)])(
    "a key of kind %j is an error that says what would be right",
    async (kind) => {
      const { named } = await newApp();
      const failure = service.apps.createKey({ ...named, kind });
      await expect(failure).rejects.toMatchObject({ code: Code.InvalidArgument });
      await expect(failure).rejects.toThrow(`kind is "${kind.slice(0, 64)}`);
      await expect(failure).rejects.toThrow('must be "api" or "server"');
    },
  );

  test("allowed origins are replaced, each once, in the spelling of browsers", async () => {
    const { named } = await newApp();
    const { app } = await service.apps.setAllowedOrigins({
      ...named,
      allowedOrigins: ["https://Shop.example:443", "https://shop.example", "https://*.shop.example"],
    });
    expect(app?.allowedOrigins).toEqual(["https://shop.example", "https://*.shop.example"]);
    expect((await service.identity.resolveApp({ appId: named.appId })).app).toEqual(app);
  });

  test("an origin that is none is an error that names it, and changes nothing", async () => {
    const { named } = await newApp();
    const wrong = { allowedOrigins: ["https://shop.example", "https://shop.example/path"] };
    for (const fail of [
      () => service.apps.setAllowedOrigins({ ...named, ...wrong }),
      () => service.apps.createApp({ tenantId: "wrong", name: "Shop", ...wrong }),
    ]) {
      const failure = fail();
      await expect(failure).rejects.toMatchObject({ code: Code.InvalidArgument });
      await expect(failure).rejects.toThrow('"https://shop.example/path"');
    }
    expect((await service.apps.listApps({ tenantId: "wrong" })).apps).toEqual([]);
    expect((await service.identity.resolveApp({ appId: named.appId })).app?.allowedOrigins).toEqual([]);
  });

  test.each([
    { tenantId: "a/b", name: "Shop" },
    { tenantId: "", name: "Shop" },
    { tenantId: "acme", name: "" },
    { tenantId: "acme", name: "x".repeat(257) },
  ])("an app of $tenantId named $name is an error", async (request) => {
    await expect(service.apps.createApp(request)).rejects.toMatchObject({ code: Code.InvalidArgument });
  });

  test("apps are listed by tenant and id, page by page", async () => {
    const created = await Promise.all(["pages", "pages", "pages", "pages-2"].map((tenantId) => newApp(tenantId)));
    const ids = created.slice(0, 3).map(({ app }) => app.appId);
    const first = await service.apps.listApps({ tenantId: "pages", pageSize: 2 });
    const second = await service.apps.listApps({ tenantId: "pages", pageSize: 2, pageToken: first.nextPageToken });
    expect([...first.apps, ...second.apps].map(({ appId }) => appId)).toEqual(ids.toSorted());
    expect(second.nextPageToken).toBe("");
    const all = await service.apps.listApps({ pageSize: 1_000 });
    const tenants = new Set(all.apps.map(({ tenantId }) => tenantId));
    for (const tenant of ["pages", "pages-2", "acme"]) expect(tenants).toContain(tenant);
  });
});
