import type { AddressInfo, Socket } from "node:net";
import { createClient } from "@connectrpc/connect";
import { type FastifyBaseLogger, type FastifyInstance, fastify, LogController } from "fastify";
import { IdentityService } from "../proto/gen/carillon/identity/v1/identity_service_pb.js";
import { IngestionService } from "../proto/gen/carillon/ingestion/v1/ingestion_service_pb.js";
import { TrackingService } from "../proto/gen/carillon/tracking/v1/tracking_service_pb.js";
import { listenError } from "../services/runtime/listen-error.ts";
import { tracing } from "../services/runtime/tracing.ts";
import { createEventBatcher } from "./batching/event-batcher.ts";
import { createPushReportBatcher } from "./batching/push-report-batcher.ts";
import { registerQueueGauges } from "./batching/queue-gauges.ts";
import type { GatewayContext, RequestTimes } from "./context.ts";
import { createAppStore } from "./credentials/app-store.ts";
import { createCredentialStore } from "./credentials/credential-store.ts";
import { secretHash } from "./credentials/secret-comparison.ts";
import { createUserSignatureJudge } from "./credentials/user-signature.ts";
import { DOCS_PATHS, registerDocs } from "./docs/docs-routes.ts";
import { createClientErrors, type ReadError } from "./http/client-error.ts";
import { registerExchanges } from "./http/exchanges.ts";
import { HEALTH_METHODS, HEALTH_PATHS, registerHealth } from "./http/health-routes.ts";
import { type Http2Options, serveHttp2Too } from "./http/http2.ts";
import { requestIdOf } from "./http/request-id.ts";
import { STATIC_METHODS } from "./http/static-content.ts";
import { CLIENT_WINDOW_MS, ENDPOINT_METHODS, registerSurface } from "./http/surface-routes.ts";
import { traceRequests } from "./http/trace-requests.ts";
import { operatorPaths, operatorShape, registerOperator } from "./operator/operator-routes.ts";
import { operatorServices } from "./operator/services.ts";
import { measuredRateLimiter } from "./rate-limit/measured-rate-limiter.ts";
import { registerSdk, SDK_PATHS } from "./sdk/sdk-routes.ts";
import { altcraft } from "./surfaces/altcraft/surface.ts";
import { appizer } from "./surfaces/appizer/surface.ts";
import { pushEngage } from "./surfaces/pushengage/surface.ts";
import { smartAppPush } from "./surfaces/smartapppush/surface.ts";
import type { Surface } from "./surfaces/surface.ts";
import type { SurfaceContext } from "./surfaces/surface-context.ts";
import { createRejections } from "./tail/rejections.ts";

const REQUEST_TIMES: RequestTimes = { headersMs: 5_000, requestMs: 10_000, checkMs: 1_000 };
/** Longer than load balancers keep idle connections (60 s), so that they end them and never reuse a dead one. */
const KEEP_ALIVE_TIMEOUT_MS = 65_000;
const MAX_HEADER_BYTES = 16_384;
/** Longest that accepted requests may take to finish when the process stops, in milliseconds; they have 5 s. */
const CLOSE_WITHIN_MS = 7_000;

/**
 * Connections that may wait to be accepted; the system may allow fewer. With Node's 511, thousands that come at once are
 * dropped, and try again after seconds.
 */
const BACKLOG = 4_096;

/** The HTTP server of one process. */
export interface Gateway {
  /** Starts to listen; port 0 picks a free one. Resolves with the port. */
  listen(address: { readonly host: string; readonly port: number }): Promise<number>;
  /** Turns unready, stops accepting, ends streams and resolves when every accepted request is answered. */
  close(): Promise<void>;
}

/** The public APIs; one folder each under `surfaces/`. */
function surfacesOf(context: SurfaceContext): readonly Surface[] {
  return [smartAppPush(context), pushEngage(context), appizer(context), altcraft(context)];
}

/** Builds the gateway: public surfaces, operator API and health, over the services' transports. */
export async function createGateway(context: GatewayContext): Promise<Gateway> {
  const { clock, logger, transports, metrics } = context;
  const { headersMs, requestMs, checkMs } = context.requestTimes ?? REQUEST_TIMES;
  const rateLimiter = measuredRateLimiter(context.rateLimiter, metrics);
  const identity = createClient(IdentityService, transports.identity);
  const credentials = createCredentialStore({ identity, clock });
  const apps = createAppStore({ identity, clock });
  const ingestion = createClient(IngestionService, transports.ingestion);
  const events = createEventBatcher(ingestion, clock);
  const pushReports = createPushReportBatcher(createClient(TrackingService, transports.tracking), clock);
  registerQueueGauges(metrics, { events, push_reports: pushReports });
  const surfaces = surfacesOf({
    clock,
    credentials,
    apps,
    judgeUserSignature: createUserSignatureJudge(metrics),
    events,
    pushReports,
    rejections: createRejections(ingestion, clock),
    ingestion,
    rateLimiter,
    serverRule: { name: "server", limit: context.serverRateLimit, windowMs: 60_000 },
    clientRule: { limit: context.clientRateLimit, windowMs: CLIENT_WINDOW_MS },
  });
  const services = operatorServices(transports, { replicas: context.ingestionReplicas, clock });
  const shapes = [...surfaces, operatorShape];
  const draining = new AbortController();
  const paths = new Map([
    ...operatorPaths(services),
    ...surfaces.flatMap(({ endpoints }) => endpoints.map(({ path }) => [path, ENDPOINT_METHODS] as const)),
    ...HEALTH_PATHS.map((path) => [path, HEALTH_METHODS] as const),
    ...[...SDK_PATHS, ...DOCS_PATHS].map((path) => [path, STATIC_METHODS] as const),
  ]);
  const served = {
    methodsOf: (path: string) => paths.get(path),
    shapeOf: (path: string) => shapeOf(path, shapes),
  };
  const errors = createClientErrors({ ...served, clock, logger });

  const app: FastifyInstance = fastify({
    loggerInstance: logger as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: requestIdOf,
    return503OnClosing: false,
    requestTimeout: requestMs,
    keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
    // Lines about a request name its id themselves; a logger for each request would cost more than the lines.
    childLoggerFactory: (parent) => parent,
    http: {
      requireHostHeader: false,
      headersTimeout: headersMs,
      maxHeaderSize: MAX_HEADER_BYTES,
      connectionsCheckingInterval: checkMs,
    },
    // Fastify's types have the last packet as JSON; Node's event has it as a buffer.
    clientErrorHandler: (error, socket) => errors.handle(error as unknown as ReadError, socket as Socket),
    frameworkErrors: (_error, request, reply) => answerUnroutable(request, reply),
  });
  // Any expectation but 100-continue may be ignored (RFC 9110 section 10.1.1); Node would answer 417 by itself.
  app.server.on("checkExpectation", (request, response) => app.server.emit("request", request, response));
  const answerUnroutable = registerExchanges(app, {
    clock,
    logger,
    metrics,
    errors,
    draining: draining.signal,
    ...served,
  });
  const trace = tracing();
  if (trace !== undefined) traceRequests(app, trace);
  await registerHealth(app, () => !draining.signal.aborted && context.isReady());
  await registerSdk(app);
  await registerDocs(app);
  for (const surface of surfaces) {
    const { clientRateLimit, trustedProxies } = context;
    await registerSurface(app, { surface, rateLimiter, clientRateLimit, trustedProxies, clock });
  }
  const operatorTokenHash = secretHash(context.operatorToken);
  await registerOperator(app, {
    services,
    apps,
    credentials,
    operatorTokenHash,
    clock,
    logger,
    draining: draining.signal,
  });

  const http2 = serveHttp2Too(app.server, {
    // Fastify routes HTTP/2's requests as well; its types know one kind of server at a time.
    handler: app.routing as unknown as Http2Options["handler"],
    firstBytesTimeoutMs: headersMs,
    requestTimeoutMs: requestMs,
    idleTimeoutMs: KEEP_ALIVE_TIMEOUT_MS,
    maxHeaderBytes: MAX_HEADER_BYTES,
    draining: draining.signal,
  });

  return {
    async listen({ host, port }) {
      await app.listen({ host, port, backlog: BACKLOG }).catch((error: unknown) => {
        throw listenError({ host, port, setting: "CARILLON_HTTP_PORT" }, error);
      });
      return (app.server.address() as AddressInfo).port;
    },
    async close() {
      draining.abort();
      const closed = new AbortController();
      // What has not even arrived by then is no accepted request.
      const force = clock.sleep(CLOSE_WITHIN_MS, closed.signal).then(
        () => {
          app.server.closeAllConnections();
          http2.destroy();
        },
        () => undefined,
      );
      await app.close();
      closed.abort();
      await force;
    },
  };
}

/** Whose shape answers a path that nobody serves: the longest matching prefix decides. What is no path (`*`) is the root's. */
function shapeOf<S extends Pick<Surface, "pathPrefixes">>(target: string, shapes: readonly S[]): S {
  const path = target.startsWith("/") ? target : "/";
  let best: S | undefined;
  let bestLength = -1;
  for (const shape of shapes) {
    for (const prefix of shape.pathPrefixes) {
      if (prefix.length <= bestLength || !path.startsWith(prefix)) continue;
      best = shape;
      bestLength = prefix.length;
    }
  }
  if (best === undefined) throw new Error(`no surface answers ${path}`);
  return best;
}
