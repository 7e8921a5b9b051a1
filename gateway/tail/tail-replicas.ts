import { create } from "@bufbuild/protobuf";
import { Code, ConnectError, createClient, type Transport } from "@connectrpc/connect";
import {
  EventService,
  type TailEventsRequest,
  type TailEventsResponse,
  TailEventsResponseSchema,
} from "../../proto/gen/carillon/ingestion/v1/event_service_pb.js";
import { callTransport } from "../../services/runtime/call-transport.ts";
import type { Clock } from "../../services/runtime/clock.ts";
import type { Replicas } from "../../services/runtime/replicas.ts";
import { type Channel, createChannel } from "./channel.ts";

/** How often to look for processes that have come, or are to be connected to again, in milliseconds. */
const LOOK_EVERY_MS = 2_000;
/** How long to wait for all processes before the stream stands with those that answered, in milliseconds. */
const STAND_WITHIN_MS = 2_000;

export interface TailReplicasOptions {
  readonly replicas: Replicas;
  readonly clock: Clock;
}

/** The way to ingestion, where `TailEvents` listens to every process of it (decision 0014). */
export function tailingAll(ingestion: Transport, options: TailReplicasOptions): Transport {
  const { stream } = callTransport({
    unary: () => Promise.reject(new ConnectError("streams only", Code.Internal)),
    async stream(method, request, { signal }) {
      if (method !== EventService.method.tailEvents) throw new ConnectError(`${method} is no tail`, Code.Unimplemented);
      const message = tailAll(request as TailEventsRequest, { ...options, signal });
      return { header: new Headers(), trailer: new Headers(), message };
    },
  });
  return { unary: (...call) => ingestion.unary(...call), stream };
}

interface Following extends TailReplicasOptions {
  readonly request: TailEventsRequest;
  readonly signal: AbortSignal;
  readonly channel: Channel<TailEventsResponse>;
  /** Addresses of the processes that are listened to. */
  readonly followed: Set<string>;
}

async function* tailAll(
  request: TailEventsRequest,
  options: TailReplicasOptions & { readonly signal: AbortSignal | undefined },
): AsyncGenerator<TailEventsResponse> {
  const stop = new AbortController();
  const signal = options.signal === undefined ? stop.signal : AbortSignal.any([options.signal, stop.signal]);
  const channel = createChannel<TailEventsResponse>(signal);
  const following = { ...options, request, signal, channel, followed: new Set<string>() };
  try {
    await begin(following);
    void keepLooking(following);
    yield create(TailEventsResponseSchema);
    for (;;) yield await channel.take();
  } finally {
    stop.abort();
  }
}

/** Resolves when every process that answers is listened to; rejects where none is. */
async function begin(following: Following): Promise<void> {
  const { replicas, clock, signal } = following;
  const addresses = await addressesOf(replicas);
  const standing = addresses.map((address) => follow(address, following));
  const waiting = new AbortController();
  const late = clock.sleep(STAND_WITHIN_MS, AbortSignal.any([signal, waiting.signal])).catch(() => "over");
  await Promise.race([Promise.allSettled(standing), late]);
  waiting.abort();
  signal.throwIfAborted();
  // One that stands is enough; that others do not answer shows elsewhere.
  if (following.followed.size === 0) await Promise.any(standing).catch(() => Promise.all(standing));
}

async function addressesOf(replicas: Replicas): Promise<readonly string[]> {
  const unavailable = (cause?: unknown) =>
    new ConnectError("ingestion cannot be found", Code.Unavailable, undefined, undefined, cause);
  const addresses = await replicas.addresses().catch((error: unknown) => Promise.reject(unavailable(error)));
  if (addresses.length === 0) throw unavailable();
  return addresses;
}

/** Looks for further processes until the stream ends. */
async function keepLooking(following: Following): Promise<void> {
  const { replicas, clock, signal, followed } = following;
  for (;;) {
    await clock.sleep(LOOK_EVERY_MS, signal).catch(() => "over");
    if (signal.aborted) return;
    // Looked up again soon; those that are listened to go on meanwhile.
    const addresses = await replicas.addresses().catch((): string[] => []);
    for (const address of addresses) {
      if (!followed.has(address)) follow(address, following).catch(() => "tried again at the next look");
    }
  }
}

/** Listens to one process until it ends or fails. Resolves when it stands, rejects where it never did. */
function follow(address: string, following: Following): Promise<void> {
  const { replicas, request, signal, channel, followed } = following;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const connection = replicas.connect(address);
  followed.add(address);

  async function pass(): Promise<boolean> {
    let stands = false;
    try {
      for await (const message of createClient(EventService, connection).tailEvents(request, { signal })) {
        if (stands) await channel.put(message);
        // The first message says so.
        stands = true;
        resolve();
      }
    } catch (error) {
      reject(error);
    }
    return stands;
  }

  async function leave(stood: boolean): Promise<void> {
    reject(new ConnectError("the process stops", Code.Unavailable));
    followed.delete(address);
    connection.close();
    if (stood) await channel.put(create(TailEventsResponseSchema, { gap: true }));
  }

  void pass().then(leave);
  return promise;
}
