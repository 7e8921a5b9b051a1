import { create } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { createRejections, type Rejection } from "../../../../gateway/tail/rejections.ts";
import {
  type ReportRejectionsRequest,
  ReportRejectionsRequestSchema,
} from "../../../../proto/gen/carillon/ingestion/v1/ingestion_service_pb.js";
import { virtualClock } from "../../../wire/gateway/virtual-clock.ts";

const error = { field: "event_time", code: "invalid_format", message: "event_time is wrong" };
const rejection: Rejection = {
  tenantId: "t1",
  appId: "app1",
  surface: "smartapppush",
  receivedMs: 7,
  eventName: "opened",
  appUserId: "u1",
  deviceToken: "d1",
  errors: [error],
};

function reporter() {
  const clock = virtualClock();
  const calls: ReportRejectionsRequest[] = [];
  const state = { tailed: new Set(["app1"]), isDown: false };
  const reportRejections = async (request: object) => {
    const call = create(ReportRejectionsRequestSchema, request);
    calls.push(call);
    if (state.isDown) throw new Error("down");
    return { $typeName: "carillon.ingestion.v1.ReportRejectionsResponse" as const, tailed: tailedOf(call) };
  };
  const tailedOf = ({ rejections }: ReportRejectionsRequest) => rejections.map(({ appId }) => state.tailed.has(appId));
  return { ...createRejections({ reportRejections }, clock), clock, calls, state };
}

describe("rejections", () => {
  it("are passed on as they were told, those of one moment in one call", async () => {
    const { report, clock, calls } = reporter();
    report(rejection);
    report({ ...rejection, eventName: 5, appUserId: null, deviceToken: undefined });
    await clock.advance(0);
    expect(calls).toHaveLength(1);
    expect(calls[0]!.rejections).toMatchObject([
      { tenantId: "t1", appId: "app1", surface: "smartapppush", receivedTimeMs: 7, eventName: "opened" },
      { eventName: "", sentAppUserId: "", deviceToken: "", errors: [error] },
    ]);
  });

  it("of an app that nobody tails cost one call a second at most, and those of others still go", async () => {
    const { report, clock, calls } = reporter();
    const untailed = { ...rejection, appId: "app2" };
    for (let i = 0; i < 5; i += 1) {
      report(untailed);
      await clock.advance(100);
    }
    expect(calls).toHaveLength(1);
    report(rejection);
    await clock.advance(500);
    expect(calls.map(({ rejections }) => rejections.map(({ appId }) => appId))).toEqual([["app2"], ["app1"]]);
    report(untailed);
    await clock.advance(0);
    expect(calls).toHaveLength(3);
  });

  it("that do not fit into a call or come while ingestion is away are counted", async () => {
    const { report, clock, calls, state } = reporter();
    for (let i = 0; i < 70; i += 1) report(rejection);
    state.isDown = true;
    await clock.advance(0);
    expect(calls[0]!.rejections).toHaveLength(64);
    state.isDown = false;
    report(rejection);
    await clock.advance(1_000);
    expect(calls).toHaveLength(1);
    report(rejection);
    await clock.advance(0);
    expect(calls[1]!.unreported).toMatchObject([{ tenantId: "t1", appId: "app1", count: 64 }]);
  });

  it("carry no keys, and nothing of any length", async () => {
    const { report, clock, calls } = reporter();
    const key = `csk_${"a1B2".repeat(10)}`;
    const long = "x".repeat(60_000);
    report({ ...rejection, eventName: `${key}!`, appUserId: long, errors: [{ ...error, message: `but is "${key}` }] });
    report({ ...rejection, errors: Array(40).fill({ ...error, message: long }) });
    await clock.advance(0);
    const [first, second] = calls[0]!.rejections;
    expect(first).toMatchObject({ eventName: "[key]!", errors: [{ message: 'but is "[key]' }] });
    expect(first!.sentAppUserId).toHaveLength(1_024);
    expect(second!.errors).toHaveLength(16);
    expect(second!.errors[0]!.message).toHaveLength(512);
  });
});
