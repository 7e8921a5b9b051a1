import { createHash } from "node:crypto";
import { Code } from "@connectrpc/connect";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type IdentityClients, identityInstance } from "./identity-fixture.ts";
import { adapters, type OpenStore } from "./stores.ts";
import { type VirtualClock, virtualClock } from "./virtual-clock.ts";

describe.each(adapters)("identity secrets on $name", ({ open }) => {
  let clock: VirtualClock;
  let opened: OpenStore;
  let service: IdentityClients;

  beforeAll(async () => {
    clock = virtualClock(Date.UTC(2026, 0, 1));
    opened = await open(clock);
    service = identityInstance({ store: opened.store, clock });
  });
  afterAll(() => opened.close());

  async function newApp() {
    const { app, apiKey, serverKey } = await service.apps.createApp({ tenantId: "acme", name: "Shop" });
    const named = { tenantId: "acme", appId: app!.appId };
    const resolve = async (key: string) =>
      (await service.identity.resolveKey({ keyHash: createHash("sha256").update(key).digest() })).userSignatures;
    return {
      named,
      /** What gateways check signatures by. */
      policy: () => resolve(apiKey),
      policyOfServerKey: () => resolve(serverKey),
      policyOfApp: async () => (await service.identity.resolveApp({ appId: named.appId })).userSignatures,
    };
  }

  test("an app without secrets has nothing to check signatures by, and cannot require them", async () => {
    const { named, policy, policyOfApp } = await newApp();
    expect([await policy(), await policyOfApp()]).toEqual([undefined, undefined]);
    await expect(service.apps.setRequireUserSignature({ ...named, requireUserSignature: true })).rejects.toMatchObject({
      code: Code.FailedPrecondition,
    });
    expect(await policy()).toBeUndefined();
  });

  test("gateways learn the active secrets for client keys and for the app, and nobody else does", async () => {
    const { named, policy, policyOfApp, policyOfServerKey } = await newApp();
    const first = await service.apps.createIdentitySecret(named);
    clock.advance(1_000);
    const second = await service.apps.createIdentitySecret(named);
    expect(first.secret).toMatch(/^cis_[A-Za-z0-9]{40}$/);
    const both = { requireUserSignature: false, identitySecrets: [first.secret, second.secret] };
    expect(await policy()).toMatchObject(both);
    expect(await policyOfApp()).toMatchObject(both);
    expect(await policyOfServerKey()).toBeUndefined();
    const { apps } = await service.apps.listApps({ tenantId: "acme", pageSize: 1_000 });
    const app = apps.find(({ appId }) => appId === named.appId);
    expect(app?.identitySecrets.map(({ secretId, prefix }) => [secretId, prefix])).toEqual([
      [first.secretId, first.secret.slice(0, 10)],
      [second.secretId, second.secret.slice(0, 10)],
    ]);
    expect(app?.identitySecrets.some((secret) => "secret" in secret)).toBe(false);
  });

  test("rotating leaves no moment without a valid secret, and a revoked one is forgotten", async () => {
    const { named, policy } = await newApp();
    const old = await service.apps.createIdentitySecret(named);
    await service.apps.setRequireUserSignature({ ...named, requireUserSignature: true });
    await expect(service.apps.revokeIdentitySecret({ ...named, secretId: old.secretId })).rejects.toMatchObject({
      code: Code.FailedPrecondition,
    });
    const next = await service.apps.createIdentitySecret(named);
    const { app } = await service.apps.revokeIdentitySecret({ ...named, secretId: old.secretId });
    const again = await service.apps.revokeIdentitySecret({ ...named, secretId: old.secretId });
    expect(again.app).toEqual(app);
    expect(await policy()).toMatchObject({ requireUserSignature: true, identitySecrets: [next.secret] });
    const stored = JSON.stringify(await opened.store.apps.page({ keyPrefix: "acme/", limit: 1_000 }));
    expect(stored).not.toContain(old.secret);
    expect(stored).toContain(next.secret);
  });

  test("requiring signatures and revoking the last secret at once never leave an app that refuses everybody", async () => {
    const { named, policy } = await newApp();
    const { secretId } = await service.apps.createIdentitySecret(named);
    const requiring = service.apps.setRequireUserSignature({ ...named, requireUserSignature: true });
    if (!opened.atomicUpdates) await requiring;
    const results = await Promise.allSettled([requiring, service.apps.revokeIdentitySecret({ ...named, secretId })]);
    expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    const now = await policy();
    expect(now?.requireUserSignature ?? false).toBe((now?.identitySecrets.length ?? 0) > 0);
  });

  test("an app has few active secrets, so that checking a signature stays cheap", async () => {
    const { named } = await newApp();
    for (let i = 0; i < 5; i++) await service.apps.createIdentitySecret(named);
    await expect(service.apps.createIdentitySecret(named)).rejects.toMatchObject({ code: Code.FailedPrecondition });
  });

  test("a secret or app that nobody made is not found", async () => {
    const { named } = await newApp();
    for (const fail of [
      () => service.apps.revokeIdentitySecret({ ...named, secretId: "ids_unknown" }),
      () => service.apps.createIdentitySecret({ ...named, appId: "app_unknown" }),
      () => service.apps.setRequireUserSignature({ ...named, tenantId: "other" }),
    ]) {
      await expect(fail()).rejects.toMatchObject({ code: Code.NotFound });
    }
  });
});
