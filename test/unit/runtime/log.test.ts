import { Code, ConnectError } from "@connectrpc/connect";
import { describe, expect, test } from "vitest";
import { createLogger } from "../../../services/runtime/log.ts";
import { terminalStream } from "../../../services/runtime/log-terminal.ts";

/** What a logger writes. */
function recording() {
  const lines: string[] = [];
  const log = createLogger({ name: "test", level: "info", destination: { write: (line) => lines.push(line) } });
  return { log, lines, last: () => JSON.parse(lines.at(-1) ?? "") as Record<string, unknown> };
}

describe("a logger", () => {
  test("writes JSON lines from its level on", () => {
    const { log, lines, last } = recording();
    log.debug("too fine");
    log.warn({ events: 3 }, "look");
    expect(lines).toHaveLength(1);
    expect(last()).toMatchObject({ level: 40, name: "test", msg: "look", events: 3 });
  });

  test("shows no key and no token, wherever in the first levels it is", () => {
    const { log, lines } = recording();
    const secrets = { api_key: "s3cret", serverKey: "s3cret", device_token: "s3cret", token: "s3cret" };
    log.info(secrets, "top");
    log.info({ request: { body: secrets, headers: { authorization: "s3cret", "x-api-key": "s3cret" } } }, "nested");
    log.info({ events: [{ deviceToken: "s3cret" }] }, "in a list");
    expect(lines.join()).not.toContain("s3cret");
    expect(lines.join()).toContain("[redacted]");
  });

  test("tells of an error what went wrong and why, and none of the data that it carries", () => {
    const { log, lines, last } = recording();
    const cause = Object.assign(new Error("socket closed"), { code: "ECONNRESET", document: { text: "s3cret" } });
    const err = new ConnectError("not now", Code.Unavailable, { authorization: "s3cret" }, undefined, cause);
    log.error({ err }, "failed");
    expect(last().err).toMatchObject({
      type: "ConnectError",
      code: 14,
      message: "[unavailable] not now",
      cause: { message: "socket closed", code: "ECONNRESET" },
    });
    expect(lines.join()).not.toContain("s3cret");
  });

  test("on a terminal writes text with the fields behind and the stack below", () => {
    const written: string[] = [];
    const destination = terminalStream({ write: (text) => written.push(text) });
    const log = createLogger({ name: "test", level: "info", destination });
    log.info({ port: 80 }, "ready");
    log.error({ err: new Error("broken") }, "failed");
    expect(written[0]).toMatch(/^\d\d:\d\d:\d\d\.\d{3} INFO {2}test: ready \{"port":80\}\n$/);
    expect(written[1]).toMatch(/ERROR test: failed\nError: broken\n {4}at /);
  });
});
