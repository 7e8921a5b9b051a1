import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { Registry } from "prom-client";
import { expect, test } from "vitest";
import { answeringAfter } from "../../../services/runtime/hosted-service.ts";
import { createLocalTransport } from "../../../services/runtime/local-transport.ts";
import { measureCalls } from "../../../services/runtime/measure-calls.ts";
import { ProbeService, probe } from "../../wire/runtime/probe-service.ts";
import { silent } from "../../wire/runtime/transports.ts";

test("calls are counted by method and code, streams when they end, and unary ones timed", async () => {
  const registry = new Registry();
  const service = measureCalls(registry)(probe().service);
  const client = createClient(ProbeService, createLocalTransport([service], { log: silent }));
  expect((await client.echo({ value: "hello" })).value).toBe("hello");
  await client.echo({ value: "again" });
  await expect(client.fail({ value: "no such failure" })).rejects.toMatchObject({ code: Code.Internal });
  const counted: string[] = [];
  for await (const { value } of client.count({ value: "2" })) counted.push(value);
  expect(counted).toEqual(["1", "2"]);

  const text = await registry.metrics();
  const calls = (method: string, code: string) =>
    `carillon_rpc_calls_total{service="probe.v1.ProbeService",method="${method}",code="${code}"}`;
  expect(text).toContain(`${calls("Echo", "ok")} 2\n`);
  expect(text).toContain(`${calls("Fail", "internal")} 1\n`);
  expect(text).toContain(`${calls("Count", "ok")} 1\n`);
  expect(text).toContain('carillon_rpc_seconds_count{service="probe.v1.ProbeService",method="Echo"} 2\n');
  expect(text).not.toContain('carillon_rpc_seconds_count{service="probe.v1.ProbeService",method="Count"}');
});

test("a code has the name that gRPC gives it", async () => {
  const registry = new Registry();
  const { service } = probe();
  const failing = answeringAfter(service, () => Promise.reject(new ConnectError("later", Code.DeadlineExceeded)));
  const client = createClient(ProbeService, createLocalTransport([measureCalls(registry)(failing)], { log: silent }));
  await expect(client.echo({})).rejects.toMatchObject({ code: Code.DeadlineExceeded });
  expect(await registry.metrics()).toContain('method="Echo",code="deadline_exceeded"} 1\n');
});
