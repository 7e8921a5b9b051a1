import { once } from "node:events";
import { connect } from "node:net";
import { expect, test } from "vitest";
import { eventBody, runGateway } from "./gateway-fixture.ts";
import { parseAnswers, rawPost } from "./raw-http.ts";

/** Far shorter than in production, so that nobody waits; only what comes first and what comes at all is asserted. */
const requestTimes = { headersMs: 200, requestMs: 400, checkMs: 50 };
/** How often a trickling client sends a byte, milliseconds. */
const TRICKLE_MS = 20;

/** Sends bytes one by one until the gateway ends the connection; answers what it said. */
async function trickle(port: number, start: string, rest: string): Promise<string> {
  const socket = connect({ host: "127.0.0.1", port });
  let received = "";
  socket.on("data", (chunk) => (received += String(chunk)));
  // A byte that is on its way when the connection ends.
  socket.on("error", () => undefined);
  socket.write(start);
  let at = 0;
  const timer = setInterval(() => socket.write(rest[at++ % rest.length]!), TRICKLE_MS);
  await once(socket, "close");
  clearInterval(timer);
  return received;
}

test("clients that send their headers or bodies byte by byte are answered 408 and shut out, others are served", async () => {
  const { port, post, services, log } = await runGateway({ requestTimes });
  const request = rawPost("/events", JSON.stringify(eventBody()));
  const bodyStart = request.indexOf("\r\n\r\n") + 4;
  const slow = Promise.all([
    trickle(port, "POST /events HTTP/1.1\r\nHost: localhost\r\nX-Slow: ", "a"),
    trickle(port, request.slice(0, bodyStart), " "),
    ...Array.from({ length: 50 }, () => trickle(port, "POST /events HTTP/1.1\r\n", "A")),
  ]);
  expect((await post("/events", eventBody())).status).toBe(200);
  for (const answer of await slow) {
    if (answer === "") continue;
    const answers = parseAnswers(answer);
    expect(answers.map(({ status }) => status)).toEqual([408]);
    expect(answers[0]!.headers.get("x-content-type-options")).toBe("nosniff");
  }
  expect((await slow).filter((answer) => answer !== "").length).toBeGreaterThan(0);
  expect(services.stored.size).toBe(1);
  expect((await post("/events", eventBody())).status).toBe(200);
  expect(log.filter(({ level }) => Number(level) >= 50)).toEqual([]);
});
