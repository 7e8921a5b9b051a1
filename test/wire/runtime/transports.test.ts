import { create } from "@bufbuild/protobuf";
import { StringValueSchema } from "@bufbuild/protobuf/wkt";
import { type Client, Code, ConnectError, createClient } from "@connectrpc/connect";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { EventService } from "../../../proto/gen/carillon/ingestion/v1/event_service_pb.js";
import { createLocalTransport } from "../../../services/runtime/local-transport.ts";
import { failureDetail, ProbeService, probe } from "./probe-service.ts";
import { type Connected, connections, silent } from "./transports.ts";

/** The error that a call ends with. */
async function errorOf(call: Promise<unknown>): Promise<ConnectError> {
  const error = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof ConnectError)) throw new Error(`not a ConnectError: ${String(error)}`);
  return error;
}

async function valuesOf(
  stream: AsyncIterable<{ value: string }>,
  onValue?: (value: string) => void,
): Promise<string[]> {
  const values: string[] = [];
  for await (const { value } of stream) {
    values.push(value);
    onValue?.(value);
  }
  return values;
}

/** How a call ends at its deadline; on a busy machine the first deadlines may pass before the handler is reached. */
async function endAtDeadline(
  { contexts }: { readonly contexts: readonly unknown[] },
  call: (options: { readonly timeoutMs: number }) => Promise<unknown>,
): Promise<Code> {
  for (let timeoutMs = 50; ; timeoutMs *= 2) {
    const { code } = await errorOf(call({ timeoutMs }));
    if (contexts.length > 0) return code;
  }
}

describe.each(connections)("a service reached $name", ({ connect }) => {
  let connected: Connected;
  let client: Client<typeof ProbeService>;
  let probed: ReturnType<typeof probe>;

  beforeAll(async () => {
    probed = probe();
    connected = await connect(probed.service);
    client = createClient(ProbeService, connected.transport);
  });
  afterAll(() => connected.close());

  /** A probe of its own, for tests that wait for what its handler sees. */
  async function another(): Promise<{
    client: Client<typeof ProbeService>;
    seen: typeof probed.seen;
    close(): Promise<void>;
  }> {
    const { service, seen } = probe();
    const { transport, close } = await connect(service);
    return { client: createClient(ProbeService, transport), seen, close };
  }

  test("answers what it was asked, with header and trailer", async () => {
    let header: Headers | undefined;
    let trailer: Headers | undefined;
    const answer = await client.echo(
      { value: "ünï\u0000\u{1f600}" },
      {
        headers: { probe: "in" },
        onHeader: (received) => (header = received),
        onTrailer: (received) => (trailer = received),
      },
    );
    expect(answer.value).toBe("ünï\u0000\u{1f600}");
    expect(header?.get("probe-header")).toBe("in");
    expect(Buffer.from(trailer?.get("probe-trailer-bin") ?? "", "base64").toString()).toBe("\u0000trailer");
  });

  test("is told of the caller's deadline, five seconds unless it sets one", async () => {
    await client.echo({ value: "" });
    await client.echo({ value: "" }, { timeoutMs: 60_000 });
    const [usual, long] = probed.seen.contexts.slice(-2).map(({ timeoutMs }) => timeoutMs());
    expect(usual).toBeGreaterThan(0);
    expect(usual).toBeLessThanOrEqual(5_000);
    expect(long).toBeGreaterThan(5_000);
    expect(long).toBeLessThanOrEqual(60_000);
  });

  test("carries messages of many megabytes both ways", async () => {
    const value = new Uint8Array(20 * 1024 * 1024).fill(7);
    expect(Buffer.compare((await client.echoBytes({ value })).value, value)).toBe(0);
  });

  test("fails with its own code, message, metadata and details", async () => {
    const error = await errorOf(client.fail({ value: "detailed" }));
    expect(error.code).toBe(Code.FailedPrecondition);
    expect(error.rawMessage).toBe("100 % wröng");
    expect(error.metadata.get("probe-error")).toBe("yes");
    expect(error.findDetails(StringValueSchema)).toEqual([failureDetail]);
  });

  test("keeps the message of an error that it does not know to itself", async () => {
    const error = await errorOf(client.fail({ value: "unknown" }));
    expect([error.code, error.rawMessage]).toEqual([Code.Internal, "internal error"]);
  });

  test("answers a store that is unavailable as unavailable, with the time after which to ask again", async () => {
    const error = await errorOf(client.fail({ value: "unavailable" }));
    expect([error.code, error.rawMessage]).toEqual([Code.Unavailable, "the store is unavailable"]);
    expect(error.metadata.get("retry-after")).toBe("1");
  });

  test("a call ends at its deadline, and its handler is told", async () => {
    const { client, seen, close } = await another();
    expect(await endAtDeadline(seen, (options) => client.wait({}, options))).toBe(Code.DeadlineExceeded);
    await seen.givenUp;
    await close();
  });

  test("a handler that never answers does not keep its caller beyond the deadline", async () => {
    const error = await errorOf(client.wait({ value: "forever" }, { timeoutMs: 50 }));
    expect(error.code).toBe(Code.DeadlineExceeded);
  });

  test("a call ends when its caller gives up, and its handler is told", async () => {
    const { client, seen, close } = await another();
    const caller = new AbortController();
    const call = errorOf(client.wait({}, { signal: caller.signal }));
    await expect.poll(() => seen.contexts.length).toBe(1);
    caller.abort();
    expect((await call).code).toBe(Code.Canceled);
    await seen.givenUp;
    await close();
  });

  test("a caller that has given up before does not reach the handler", async () => {
    const before = probed.seen.requests.length;
    const error = await errorOf(client.echo({ value: "" }, { signal: AbortSignal.abort() }));
    expect(error.code).toBe(Code.Canceled);
    expect(probed.seen.requests).toHaveLength(before);
  });

  test("a stream has its messages in order, between header and trailer", async () => {
    let header: Headers | undefined;
    let trailer: Headers | undefined;
    const stream = client.count(
      { value: "1000" },
      { onHeader: (received) => (header = received), onTrailer: (received) => (trailer = received) },
    );
    expect(await valuesOf(stream)).toEqual(Array.from({ length: 1_000 }, (_, index) => String(index + 1)));
    expect(header?.get("probe-header")).toBe("counting");
    expect(trailer?.get("probe-trailer")).toBe("counted");
  });

  test("a stream that fails has its messages first, then the error with its details", async () => {
    const values: string[] = [];
    const error = await errorOf(valuesOf(client.count({ value: "3 fail" }), (value) => values.push(value)));
    expect(values).toEqual(["1", "2", "3"]);
    expect([error.code, error.rawMessage]).toEqual([Code.FailedPrecondition, "100 % wröng"]);
    expect(error.findDetails(StringValueSchema)).toEqual([failureDetail]);
    expect((await errorOf(valuesOf(client.count({ value: "0 fail" })))).code).toBe(Code.FailedPrecondition);
  });

  test("a stream ends when its reader gives up, and at its deadline, and its handler is told", async () => {
    const given = await another();
    const caller = new AbortController();
    const stream = given.client.count({ value: "2 wait" }, { signal: caller.signal });
    expect((await errorOf(valuesOf(stream, (value) => value === "2" && caller.abort()))).code).toBe(Code.Canceled);
    await given.seen.givenUp;
    await given.close();

    const late = await another();
    const call = (options: { timeoutMs: number }) => valuesOf(late.client.count({ value: "1 wait" }, options));
    expect(await endAtDeadline(late.seen, call)).toBe(Code.DeadlineExceeded);
    await late.seen.givenUp;
    await late.close();
  });

  test("a service that is not hosted is unimplemented", async () => {
    const error = await errorOf(createClient(EventService, connected.transport).getEvent({}));
    expect(error.code).toBe(Code.Unimplemented);
  });
});

test("in process, the handler has the very message that the caller made", async () => {
  const { service, seen } = probe();
  const client = createClient(ProbeService, createLocalTransport([service], { log: silent }));
  const request = create(StringValueSchema, { value: "itself" });
  expect(await client.echo(request)).toBe(request);
  expect(seen.requests[0]).toBe(request);
});
