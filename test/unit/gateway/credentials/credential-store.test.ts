import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { createCredentialStore } from "../../../../gateway/credentials/credential-store.ts";
import { IdentityService } from "../../../../proto/gen/carillon/identity/v1/identity_service_pb.js";
import { createLogger } from "../../../../services/runtime/log.ts";
import { fakes, fakeTransport, KEYS, resolveFake } from "../../../wire/gateway/fake-services.ts";
import { virtualClock } from "../../../wire/gateway/virtual-clock.ts";

const ACTIVE = { outcome: "active", kind: "api", tenantId: "t1", appId: "app1" };
const REVOKED = { ...ACTIVE, outcome: "revoked" };
const OVERLOADED = { fault: { kind: "overloaded" } };

function setUp() {
  const clock = virtualClock();
  const services = fakes();
  const state = { lookups: 0, down: false, revoked: false };
  services.identity.resolveKey = ({ keyHash }) => {
    state.lookups += 1;
    if (state.down) throw new ConnectError("down", Code.Unavailable);
    return { ...resolveFake(keyHash), revoked: state.revoked };
  };
  const transport = fakeTransport(services, createLogger({ name: "test", level: "silent" }));
  const store = createCredentialStore({ identity: createClient(IdentityService, transport), clock });
  return { clock, services, state, store, resolve: (key: string = KEYS.api) => store.resolve(key) };
}

describe("a key", () => {
  it("is looked up once for all that ask at the same time, and then served from the cache", async () => {
    const { state, resolve } = setUp();
    const answers = await Promise.all(Array.from({ length: 20 }, () => resolve()));
    expect(answers).toEqual(Array(20).fill(ACTIVE));
    expect(await resolve()).toEqual(ACTIVE);
    expect(state.lookups).toBe(1);
  });

  it("that is revoked opens nothing 10 s later, whenever it was last looked up", async () => {
    for (const askedBeforeMs of [0, 1, 3_000, 5_999, 6_000, 8_999]) {
      const { clock, state, resolve } = setUp();
      await resolve();
      await clock.advance(askedBeforeMs);
      await resolve();
      state.revoked = true;
      await clock.advance(9_000);
      expect(await resolve(), `asked ${askedBeforeMs} ms before`).toEqual(REVOKED);
    }
  });

  it("that is revoked while it is looked up counts its age from the question, not from the answer", async () => {
    const { clock, services, state, resolve } = setUp();
    const answer = Promise.withResolvers<void>();
    services.identity.resolveKey = async ({ keyHash }) => {
      const read = { ...resolveFake(keyHash), revoked: state.revoked };
      await answer.promise;
      return read;
    };
    const first = resolve();
    await clock.advance(1_900);
    state.revoked = true;
    answer.resolve();
    expect(await first).toEqual(ACTIVE);
    await clock.advance(7_100);
    expect(await resolve()).toEqual(REVOKED);
  });

  it("in use is renewed in the background before it is too old", async () => {
    const { clock, services, state, resolve } = setUp();
    await resolve();
    await clock.advance(6_000);
    const slow = Promise.withResolvers<void>();
    const before = services.identity.resolveKey!;
    services.identity.resolveKey = async (request, context) => {
      await slow.promise;
      return before(request, context);
    };
    // Does not wait for the slow renewal.
    expect(await resolve()).toEqual(ACTIVE);
    slow.resolve();
    await clock.advance(1_000);
    services.identity.resolveKey = before;
    await clock.advance(4_000);
    expect(await resolve()).toEqual(ACTIVE);
    expect(state.lookups).toBe(2);
  });

  it("that nobody has is remembered shortly, so that it may be created", async () => {
    const { clock, services, state, resolve } = setUp();
    expect(await resolve("new")).toEqual({ outcome: "unknown" });
    expect(await resolve("new")).toEqual({ outcome: "unknown" });
    expect(state.lookups).toBe(1);
    services.identity.resolveKey = () => ({ kind: 1, tenantId: "t1", appId: "app1" });
    await clock.advance(2_000);
    expect(await resolve("new")).toEqual(ACTIVE);
  });

  it("that is absurdly long is unknown without a question", async () => {
    const { state, resolve } = setUp();
    expect(await resolve("x".repeat(10_000))).toEqual({ outcome: "unknown" });
    expect(state.lookups).toBe(0);
  });
});

describe("while identity cannot be reached", () => {
  it("a key that is not cached is neither known nor unknown", async () => {
    const { clock, state, resolve } = setUp();
    state.down = true;
    await expect(resolve()).rejects.toMatchObject(OVERLOADED);
    await expect(resolve("made up")).rejects.toMatchObject(OVERLOADED);
    state.down = false;
    await clock.advance(1);
    expect(await resolve()).toEqual(ACTIVE);
  });

  it("a key that was unknown is not believed to be so for longer than shortly", async () => {
    const { clock, state, resolve } = setUp();
    await resolve("new");
    state.down = true;
    await clock.advance(2_000);
    await expect(resolve("new")).rejects.toMatchObject(OVERLOADED);
  });

  it("a cached key serves on for an hour and no longer", async () => {
    const { clock, state, resolve } = setUp();
    await resolve();
    state.down = true;
    await clock.advance(3_599_999);
    expect(await resolve()).toEqual(ACTIVE);
    await clock.advance(1);
    await expect(resolve()).rejects.toMatchObject(OVERLOADED);
  });

  it("a key that was seen revoked stays revoked", async () => {
    const { clock, state, resolve } = setUp();
    await resolve();
    state.revoked = true;
    await clock.advance(9_000);
    expect(await resolve()).toEqual(REVOKED);
    state.down = true;
    await clock.advance(60_000);
    expect(await resolve()).toEqual(REVOKED);
    // Not even a lagging replica brings it back.
    Object.assign(state, { down: false, revoked: false });
    await clock.advance(60_000);
    expect(await resolve()).toEqual(REVOKED);
  });

  it("is asked again at most once a second for a cached key, so that a hung identity holds nobody up", async () => {
    const { clock, services, state, resolve } = setUp();
    await resolve();
    services.identity.resolveKey = () => {
      state.lookups += 1;
      return new Promise(() => undefined);
    };
    await clock.advance(9_000);
    const first = resolve();
    await clock.advance(2_000);
    expect(await first).toEqual(ACTIVE);
    for (let count = 0; count < 10; count += 1) expect(await resolve()).toEqual(ACTIVE);
    expect(state.lookups).toBe(2);
  });

  it("a flood of made-up keys is refused beyond a bound of lookups, and known keys are served", async () => {
    const { services, state, resolve, clock } = setUp();
    await resolve();
    services.identity.resolveKey = () => {
      state.lookups += 1;
      return new Promise(() => undefined);
    };
    const flood = Array.from({ length: 1_000 }, (_, index) => resolve(`made up ${index}`).catch((error) => error));
    await clock.advance(0);
    expect(state.lookups).toBe(1 + 256);
    expect(await resolve()).toEqual(ACTIVE);
    await clock.advance(2_000);
    for (const outcome of await Promise.all(flood)) expect(outcome).toMatchObject(OVERLOADED);
  });
});

it("asks again when the clock was set back", async () => {
  const { clock, state, resolve } = setUp();
  await resolve();
  clock.set(clock.now() - 3_600_000);
  state.revoked = true;
  expect(await resolve()).toEqual(REVOKED);
});
