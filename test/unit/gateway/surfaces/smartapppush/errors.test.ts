import { describe, expect, test } from "vitest";
import { BODY_TOO_LARGE } from "../../../../../gateway/body/body-fault.ts";
import {
  bodyError,
  type ErrorCode,
  type FieldError,
  inFieldOrder,
  methodNotAllowed,
  notFound,
  overloaded,
  rateLimited,
  rejectFields,
  renderRejection,
  tokenConflict,
  unknownApiKey,
  unknownDevice,
} from "../../../../../gateway/surfaces/smartapppush/errors.ts";
import { EVENT_FIELDS } from "../../../../../gateway/surfaces/smartapppush/event-body.ts";

const error = (field: string, code: ErrorCode = "required"): FieldError => ({ field, code, message: "wrong" });

test("a rejection is rendered as field, code and message, and nothing else", () => {
  const odd = { ...error("event_time", "invalid_format"), internal: "x" };
  expect(renderRejection(rejectFields([odd, error("country")], "/events"))).toBe(
    '{"errors":[{"field":"event_time","code":"invalid_format","message":"wrong"},{"field":"country","code":"required","message":"wrong"}]}',
  );
});

describe("the status", () => {
  test.each([
    "required",
    "invalid_type",
    "invalid_format",
    "invalid_value",
    "too_long",
    "too_large",
    "too_deep",
    "reserved",
    "malformed_json",
    "same_token",
  ] as const)("of %s is 400", (code) =>
    expect(rejectFields([error("x", code)], "/devices/refresh-token").status).toBe(400),
  );

  test("of an unknown key is 400 on /events, which clients drop, and 401 elsewhere", () => {
    expect(rejectFields([unknownApiKey()], "/events").status).toBe(400);
    expect(rejectFields([unknownApiKey()], "/events/validate").status).toBe(400);
    expect(rejectFields([unknownApiKey()], "/pushes/opened").status).toBe(401);
    expect(rejectFields([unknownApiKey()], "/devices/refresh-token").status).toBe(401);
  });

  test("of an unknown key beside a fault in the request is 400 everywhere", () => {
    expect(rejectFields([unknownApiKey(), error("tracking_token")], "/pushes/opened").status).toBe(400);
    expect(rejectFields([error("tracking_token"), unknownApiKey()], "/pushes/opened").status).toBe(400);
  });

  test("of a refresh is 404 for an unknown device and 409 for a conflict", () => {
    expect(rejectFields([unknownDevice()], "/devices/refresh-token")).toMatchObject({
      status: 404,
      errors: [{ field: "old_token" }],
    });
    expect(rejectFields([tokenConflict()], "/devices/refresh-token")).toMatchObject({
      status: 409,
      errors: [{ field: "new_token" }],
    });
  });
});

describe("Retry-After", () => {
  test.each([
    [0, 1],
    [1, 1],
    [1000, 1],
    [1001, 2],
    [59_000, 59],
  ])("%i ms is %i whole seconds", (milliseconds, seconds) => {
    expect(rateLimited(milliseconds)).toMatchObject({
      status: 429,
      retryAfterSeconds: seconds,
      errors: [{ code: "rate_limited" }],
    });
    expect(overloaded(milliseconds)).toMatchObject({
      status: 503,
      retryAfterSeconds: seconds,
      errors: [{ code: "overloaded" }],
    });
  });

  test("is on nothing else", () => {
    for (const rejection of [notFound(), methodNotAllowed("POST"), rejectFields([error("x")], "/events")]) {
      expect(rejection.retryAfterSeconds).toBeNull();
    }
  });
});

test("a wrong path and a wrong method have the shape of every other error", () => {
  expect(notFound()).toMatchObject({ status: 404, allow: null, errors: [{ field: "body", code: "not_found" }] });
  expect(methodNotAllowed("POST, OPTIONS")).toMatchObject({
    status: 405,
    allow: "POST, OPTIONS",
    errors: [{ field: "body", code: "method_not_allowed" }],
  });
});

test("a fault of the body has the code of its kind", () => {
  expect(bodyError(BODY_TOO_LARGE)).toMatchObject({ field: "body", code: "too_large" });
  expect(bodyError({ kind: "malformed", message: "m" })).toEqual({
    field: "body",
    code: "malformed_json",
    message: "m",
  });
  expect(bodyError({ kind: "not_object", message: "m" })).toMatchObject({ code: "invalid_type" });
});

test("an unknown key takes its place in the order of the table", () => {
  const others = [error("body", "reserved"), error("event_name"), error("extra", "too_deep")];
  expect(inFieldOrder([...others, unknownApiKey()], EVENT_FIELDS).map(({ field }) => field)).toEqual([
    "body",
    "api_key",
    "event_name",
    "extra",
  ]);
});
