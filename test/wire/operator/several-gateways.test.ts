import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { fromBinary } from "@bufbuild/protobuf";
import { createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { expect, it } from "vitest";
import { EventService, ListEventsResponseSchema } from "../../../proto/gen/carillon/ingestion/v1/event_service_pb.js";
import { reportRejections } from "../../../services/ingestion/tail/report-rejections.ts";
import { tailEvents } from "../../../services/ingestion/tail/tail-events.ts";
import { createTailHub } from "../../../services/ingestion/tail/tail-hub.ts";
import { KEYS } from "../gateway/fake-services.ts";
import { eventBody, type RunningGateway, runGateway } from "../gateway/gateway-fixture.ts";

const headers = { authorization: `Bearer ${KEYS.server}` };

it("a reader at one gateway is told what another gateway rejected", async () => {
  const gateways = await Promise.all([runGateway(), runGateway()]);
  const [mine, other] = gateways as [RunningGateway, RunningGateway];
  const hub = createTailHub(mine.clock);
  for (const { services, clock } of gateways) {
    services.events.tailEvents = tailEvents(hub, clock);
    services.ingestion.reportRejections = reportRejections(hub);
  }
  const client = createClient(EventService, createConnectTransport({ baseUrl: mine.url, httpVersion: "1.1" }));
  const leaving = new AbortController();
  const stream = client.tailEvents({}, { headers, signal: leaving.signal })[Symbol.asyncIterator]();
  await stream.next();
  expect((await other.post("/events", eventBody({ event_time: "never" }))).status).toBe(400);
  const { value } = await stream.next();
  expect(value).toMatchObject({ verdict: "rejected", event: { deviceToken: "tok_1" } });
  expect(value.errors).toMatchObject([{ field: "event_time", code: "invalid_format" }]);
  leaving.abort();
});

it("gRPC is answered where HTTP/1.1 carries its trailers", async () => {
  const { services, port } = await runGateway();
  services.events.listEvents = () => ({ nextPageToken: "next" });
  const path = "/carillon.ingestion.v1.EventService/ListEvents";
  const type = { "content-type": "application/grpc", te: "trailers" };
  const call = request({ port, path, method: "POST", headers: { ...headers, ...type } });
  // An empty message: not compressed, of length 0.
  call.end(Buffer.alloc(5));
  const [response] = (await once(call, "response")) as [IncomingMessage];
  const body = Buffer.concat(await response.toArray());
  expect(response.trailers["grpc-status"]).toBe("0");
  expect(fromBinary(ListEventsResponseSchema, body.subarray(5))).toMatchObject({ nextPageToken: "next" });
});
