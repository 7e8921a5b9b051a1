import { create } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { TailEventsRequestSchema } from "../../../../proto/gen/carillon/ingestion/v1/event_service_pb.js";
import { arrivalFilter } from "../../../../services/ingestion/tail/arrival.ts";
import { arrival } from "./arrivals.ts";

const filter = (fields: object) => arrivalFilter(create(TailEventsRequestSchema, fields));

describe("a tail's filter", () => {
  it.each([
    ["verdict", "accepted", "duplicate"],
    ["eventName", "opened", "closed"],
    ["appUserId", "u1", "u2"],
    ["deviceToken", "d1", "d2"],
  ])("by %s passes what has it and nothing else", (field, own, other) => {
    const matches = filter({ [field]: own });
    expect(matches(arrival("opened"))).toBe(true);
    expect(matches(arrival("opened", { [field]: other }))).toBe(false);
  });

  it("passes everything where nothing is asked for", () => {
    expect(filter({})(arrival("opened", { verdict: "rejected", deviceToken: "" }))).toBe(true);
  });

  it("is refused for a verdict that there is not", () => {
    expect(() => filter({ verdict: "late" })).toThrow(expect.objectContaining({ code: Code.InvalidArgument }));
  });
});
