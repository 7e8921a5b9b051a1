import { Code, ConnectError } from "@connectrpc/connect";
import type { Clock } from "../../services/runtime/clock.ts";
import { withDeadline } from "../deadline.ts";
import { overloadedFault, RequestFault } from "../surfaces/fault.ts";

/** Longest first pause before a retry, in milliseconds; it doubles each time, and chance takes a part of it. */
const FIRST_BACKOFF_MS = 50;
const MAX_BACKOFF_MS = 800;
/** No call is given less, in milliseconds: an element whose time is nearly up must not spoil the call for others. */
const MIN_CALL_TIMEOUT_MS = 1_000;

/**
 * Of more elements than this a batch takes half of what waits at most: were all of them to go with one call, this side
 * and the other would be idle in turns. Larger batches than this one make an element little cheaper.
 */
const SMALL_BATCH = 32;

/** Errors by which a call says that its content is at fault rather than its moment: one bad element can cause them. */
const CONTENT_CODES: ReadonlySet<Code> = new Set([
  Code.InvalidArgument,
  Code.OutOfRange,
  Code.FailedPrecondition,
  Code.Unimplemented,
  Code.ResourceExhausted,
  Code.Internal,
  Code.Unknown,
  Code.DataLoss,
]);
/** Those of them that no repetition will change. */
const PERMANENT_CODES: ReadonlySet<Code> = new Set([
  Code.InvalidArgument,
  Code.OutOfRange,
  Code.FailedPrecondition,
  Code.Unimplemented,
]);

/** Bounds of a batcher; all counts at least 1. */
export interface BatcherLimits {
  /** Calls under way at once. */
  readonly calls: number;
  readonly batchElements: number;
  readonly batchBytes: number;
  readonly queuedElements: number;
  readonly queuedBytes: number;
  /** Milliseconds that one call may take. */
  readonly callTimeoutMs: number;
}

export interface CallOptions {
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
}

export interface BatcherOptions<E, V> {
  readonly clock: Clock;
  readonly limits: BatcherLimits;
  /** Size of an element on the wire, in bytes; rather too large than too small. */
  readonly sizeOf: (element: E) => number;
  /** Sends elements. A verdict that is missing or undefined means that nothing is known of its element. */
  readonly send: (elements: readonly E[], options: CallOptions) => Promise<readonly (V | undefined)[]>;
  /** A number from 0 up to 1, for the jitter of retries. */
  readonly random?: () => number;
}

/** Gathers elements of many requests into few calls and gives each its own verdict. */
export interface Batcher<E, V> {
  /**
   * The element's verdict. Until there is one it counts as not stored: it is sent again with the same content until
   * `deadlineMs` (milliseconds since 1970; a call under way then may still end within a second). Rejects with an overloaded `RequestFault` where the queue is full or the
   * time is up (the element may be stored then, and may be sent again), with an internal one where the element was
   * refused.
   */
  submit(element: E, deadlineMs: number): Promise<V>;
  /** Milliseconds that the oldest element in the queue has waited; 0 if none waits. */
  queueAgeMs(): number;
}

interface Waiting<E, V> {
  readonly element: E;
  readonly bytes: number;
  readonly queuedMs: number;
  readonly deadlineMs: number;
  readonly resolve: (verdict: V) => void;
  readonly reject: (error: RequestFault) => void;
}

/**
 * Batches without a timer: what arrives joins a batch that leaves as soon as a call is free, so a lone element leaves
 * at once and batches grow with the load. A call that failed keeps its place while it backs off: when the other side
 * is down, pressure shows in the age of the queue instead of in more calls, and `calls` bounds the retries.
 */
export function createBatcher<E, V>(options: BatcherOptions<E, V>): Batcher<E, V> {
  const { clock, limits, random = Math.random } = options;
  const queue: Waiting<E, V>[] = [];
  let queuedBytes = 0;
  let callsUnderWay = 0;
  let departureIsDue = false;

  function scheduleDeparture(): void {
    if (departureIsDue || callsUnderWay >= limits.calls || queue.length === 0) return;
    departureIsDue = true;
    // Not at once: what else this turn of the event loop brings goes along.
    setImmediate(depart);
  }

  function depart(): void {
    departureIsDue = false;
    while (callsUnderWay < limits.calls && queue.length > 0) {
      callsUnderWay += 1;
      const batch = takeBatch();
      settle(batch).then(freeCall, (error: unknown) => {
        // Not expected; but nobody may wait for ever.
        for (const waiting of batch) waiting.reject(new RequestFault({ kind: "internal" }, { cause: error }));
        freeCall();
      });
    }
  }

  function freeCall(): void {
    callsUnderWay -= 1;
    scheduleDeparture();
  }

  function takeBatch(): Waiting<E, V>[] {
    const most = Math.min(limits.batchElements, Math.max(SMALL_BATCH, Math.ceil(queue.length / 2)));
    let count = 0;
    let bytes = 0;
    while (count < queue.length && count < most) {
      const next = queue[count]!.bytes;
      if (count > 0 && bytes + next > limits.batchBytes) break;
      bytes += next;
      count += 1;
    }
    queuedBytes -= bytes;
    return queue.splice(0, count);
  }

  /** Gives every element its verdict or its fault. */
  async function settle(batch: Waiting<E, V>[]): Promise<void> {
    let open = withoutExpired(batch);
    for (let attempt = 0; open.length > 0; attempt += 1) {
      open = withoutExpired(await sendOnce(open));
      if (open.length === 0) return;
      await clock.sleep(backoffMs(attempt));
      open = withoutExpired(open);
    }
  }

  /** Full half, then chance: retries spread without ever coming at once. */
  function backoffMs(attempt: number): number {
    const longest = Math.min(MAX_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** attempt);
    return Math.ceil((longest / 2) * (1 + random()));
  }

  function withoutExpired(elements: Waiting<E, V>[]): Waiting<E, V>[] {
    const nowMs = clock.now();
    return elements.filter((waiting) => {
      if (waiting.deadlineMs > nowMs) return true;
      waiting.reject(overloadedFault());
      return false;
    });
  }

  /** Sends elements once and settles those that got a verdict; answers those of which nothing is known. */
  async function sendOnce(batch: Waiting<E, V>[]): Promise<Waiting<E, V>[]> {
    const remainingMs = Math.min(...batch.map(({ deadlineMs }) => deadlineMs)) - clock.now();
    const timeoutMs = Math.max(MIN_CALL_TIMEOUT_MS, Math.min(limits.callTimeoutMs, remainingMs));
    try {
      const elements = batch.map(({ element }) => element);
      const verdicts = await withDeadline({ clock, timeoutMs }, (signal) =>
        options.send(elements, { signal, timeoutMs }),
      );
      return batch.filter((waiting, index) => {
        const verdict = verdicts[index];
        if (verdict === undefined) return true;
        waiting.resolve(verdict);
        return false;
      });
    } catch (error) {
      return afterFailure(batch, ConnectError.from(error));
    }
  }

  /** An element that a call fails over must not take its neighbours along: the batch is halved until it is alone. */
  async function afterFailure(batch: Waiting<E, V>[], error: ConnectError): Promise<Waiting<E, V>[]> {
    if (!CONTENT_CODES.has(error.code)) return batch;
    if (batch.length === 1) {
      if (!PERMANENT_CODES.has(error.code)) return batch;
      batch[0]!.reject(new RequestFault({ kind: "internal" }, { cause: error }));
      return [];
    }
    const open: Waiting<E, V>[] = [];
    const middle = Math.ceil(batch.length / 2);
    for (const half of [batch.slice(0, middle), batch.slice(middle)]) {
      const inTime = withoutExpired(half);
      if (inTime.length > 0) open.push(...(await sendOnce(inTime)));
    }
    return open;
  }

  return {
    submit(element, deadlineMs) {
      const bytes = options.sizeOf(element);
      if (queue.length >= limits.queuedElements || queuedBytes + bytes > limits.queuedBytes) {
        return Promise.reject(overloadedFault());
      }
      return new Promise<V>((resolve, reject) => {
        queue.push({ element, bytes, queuedMs: clock.now(), deadlineMs, resolve, reject });
        queuedBytes += bytes;
        scheduleDeparture();
      });
    },
    queueAgeMs: () => (queue.length === 0 ? 0 : Math.max(0, clock.now() - queue[0]!.queuedMs)),
  };
}
