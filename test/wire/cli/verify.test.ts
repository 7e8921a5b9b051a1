import { Readable } from "node:stream";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { run } from "../../../cli/run.ts";
import {
  VerificationFinding_Status as Status,
  VerificationService,
  type VerifyAppRequest,
} from "../../../proto/gen/carillon/ingestion/v1/verification_service_pb.js";
import { type FakeGateway, startFakeGateway } from "./fake-gateway.ts";

let gateway: FakeGateway;
let asked: VerifyAppRequest | undefined;
/** What the fake tells. */
let told: object[];
let nowMs: number;

const progress = (share: number, checked: number) => ({
  message: { case: "progress", value: { phase: "devices", share, checked, pass: 1 } },
});
const finding = (status: Status, subject: string) => ({
  message: {
    case: "finding",
    value: { status, kind: "event", subject, field: "attribution", expected: '{"a":1}', actual: "", pass: 1 },
  },
});
const summary = (differences: number, remaining: number, repaired = false) => ({
  message: {
    case: "summary",
    value: { checked: 7, differences, pending: 1, remaining, repaired },
  },
});

beforeAll(async () => {
  gateway = await startFakeGateway("op", (router) => {
    router.service(VerificationService, {
      async *verifyApp(request) {
        asked = request;
        for (const message of told) {
          nowMs += 6_000;
          yield message;
        }
      },
    });
  });
});
afterAll(() => gateway[Symbol.asyncDispose]());
beforeEach(() => {
  asked = undefined;
  nowMs = 0;
});

async function carillon(args: readonly string[], columns?: number) {
  let out = "";
  let err = "";
  const status = await run(args, {
    env: { CARILLON_URL: gateway.url, CARILLON_OPERATOR_TOKEN: "op", CARILLON_DATA_DIR: "/nonexistent" },
    now: () => nowMs,
    input: Readable.from([]),
    out: (text) => (out += text),
    err: (text) => (err += text),
    columns,
  });
  return { status, out, err };
}

test("verify exits with 0 where there is no difference, whatever is pending", async () => {
  told = [finding(Status.PENDING, "p"), summary(0, 0)];
  const { status, out } = await carillon(["verify", "--tenant", "t", "--app", "a"]);
  expect(status).toBe(0);
  expect(asked).toMatchObject({ tenantId: "t", appId: "a", repair: false });
  expect(out).toBe(
    'pending     event p: attribution is missing, should be {"a":1}\n7 looked at: 0 differences; 1 pending.\n',
  );
});

test("verify tells every difference and exits with 1", async () => {
  told = [finding(Status.DIFFERENCE, "one"), finding(Status.DIFFERENCE, "two\u001b"), summary(2, 2)];
  const { status, out, err } = await carillon(["verify"]);
  expect(status).toBe(1);
  expect(out.split("\n")).toHaveLength(4);
  expect(out).toContain("difference  event two\\u001b: attribution");
  expect(err).toContain("--repair");
});

test("verify exits with 0 once everything is repaired, and with 1 where something is left", async () => {
  told = [finding(Status.DIFFERENCE, "one"), summary(2, 0, true)];
  const { status, out } = await carillon(["verify", "--repair"]);
  expect(status).toBe(0);
  expect(asked).toMatchObject({ repair: true });
  expect(out).toContain("2 differences, 2 repaired, 0 left");
  told = [summary(2, 1, true)];
  expect((await carillon(["verify", "--repair"])).status).toBe(1);
});

test("verify shows rate and share on standard error: on one line of a terminal, now and then in a log", async () => {
  told = [progress(0.1, 600), progress(0.25, 6_000), progress(0.5, 9_000), summary(0, 0)];
  const log = (await carillon(["verify"])).err;
  expect(log).toMatch(/^\d+ %: devices; [\d]+ looked at, \d+ a second\n/);
  expect(log.split("\n").length).toBeLessThan(4);
  const { err, out } = await carillon(["verify"], 80);
  expect(err.split("\r").length).toBeGreaterThan(3);
  expect(err).not.toContain("\n");
  expect(out).toBe("7 looked at: 0 differences; 1 pending.\n");
});

test("verify prints one line of JSON for each finding and the summary, for scripts", async () => {
  told = [progress(0.1, 6), finding(Status.DIFFERENCE, "one"), summary(1, 1)];
  const { status, out } = await carillon(["verify", "--json"]);
  expect(status).toBe(1);
  const lines = out.trimEnd().split("\n");
  expect(lines.map((line) => Object.keys(JSON.parse(line)))).toEqual([["finding"], ["summary"]]);
  expect(JSON.parse(lines[1]!).summary).toMatchObject({ differences: 1, remaining: 1, pending: 1 });
});

test("verify fails where the stream ends before the summary", async () => {
  told = [progress(0.1, 6)];
  expect(await carillon(["verify"])).toMatchObject({ status: 5 });
});
