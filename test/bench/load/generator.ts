/** The load generator's process: carries out one order after the other and reports. Started by load-generator.ts. */
import process from "node:process";
import { eventSource } from "./events.ts";
import { type HttpAnswer, type HttpConnection, httpConnection } from "./http-connection.ts";
import { type LoadOrder, type LoadReport, type Phase, WINDOW_MS } from "./messages.ts";
import { isAccepted, Tally } from "./tally.ts";

/** How long answers are waited for when the last phase is over, and how long a broken connection rests. */
const DRAIN_MS = 6_000;
const RECONNECT_MS = 10;

process.on("message", (order: LoadOrder) => {
  void run(order).then((report) => process.send?.(report));
});
process.on("disconnect", () => process.exit());

interface Lane {
  /** None until it is needed, and when the server has closed it. */
  connection: HttpConnection | undefined;
  readonly source: ReturnType<typeof eventSource>;
  dueMs: number;
}

interface RunningPhase extends Phase {
  readonly endMs: number;
  readonly tally: Tally;
  cpu: number;
}

async function run(order: LoadOrder): Promise<LoadReport> {
  const startMs = performance.now();
  const phases: RunningPhase[] = [];
  for (const phase of order.phases)
    phases.push({ ...phase, endMs: (phases.at(-1)?.endMs ?? startMs) + phase.durationMs, tally: new Tally(), cpu: 0 });
  const endMs = phases.at(-1)?.endMs ?? startMs;
  const windows = Array.from({ length: Math.ceil((endMs - startMs) / WINDOW_MS) }, () => new Tally());
  const isOpen = order.phases.some(({ rate }) => rate !== undefined);
  /** When requests that no connection was free for were due, oldest first. */
  const due: number[] = [];
  let dueTaken = 0;
  const lanes: Lane[] = [];
  /** The last that was used first. */
  const idle: Lane[] = [];
  let acknowledged = 0;

  /** The counts of a moment: of the phase and of the window; none before the first phase and after the last. */
  function talliesAt(ms: number): Tally[] {
    const window = windows[Math.floor((ms - startMs) / WINDOW_MS)];
    const phase = phases.find((each) => ms < each.endMs);
    return phase === undefined || window === undefined ? [] : [phase.tally, window];
  }

  function open(self: Lane): HttpConnection {
    return httpConnection({
      ...order,
      onAnswer: (answer) => answered(self, answer),
      onBroken(wasBusy) {
        self.connection = undefined;
        // A server may close a connection that it has nothing to answer on.
        if (!wasBusy) return;
        for (const tally of talliesAt(self.dueMs)) tally.answered({ status: 0, retryAfter: false }, 0);
        setTimeout(() => free(self, performance.now()), RECONNECT_MS);
      },
    });
  }

  function answered(self: Lane, answer: HttpAnswer): void {
    const nowMs = performance.now();
    if (isAccepted(answer.status)) {
      acknowledged += 1;
      phases.find(({ endMs }) => nowMs < endMs)?.tally.acceptedNow();
    }
    for (const tally of talliesAt(isOpen ? self.dueMs : nowMs)) {
      if (!isOpen) tally.offer();
      tally.answered(answer, nowMs - self.dueMs);
    }
    free(self, nowMs);
  }

  function send(self: Lane, dueMs: number): void {
    self.dueMs = dueMs;
    if (isOpen) for (const tally of talliesAt(dueMs)) tally.sent(performance.now() - dueMs);
    self.connection ??= open(self);
    self.connection.post(self.source.next());
  }

  function free(self: Lane, nowMs: number): void {
    if (nowMs >= endMs) return;
    const next = isOpen ? due[dueTaken] : nowMs;
    if (next === undefined) {
      idle.push(self);
      return;
    }
    if (isOpen) dueTaken += 1;
    send(self, next);
  }

  function submit(dueMs: number): void {
    for (const tally of talliesAt(dueMs)) tally.offer();
    const self = idle.pop() ?? newLane();
    if (self === undefined) due.push(dueMs);
    else send(self, dueMs);
  }

  /** Connections are opened when there is something to send on them: servers close those that say nothing. */
  function newLane(): Lane | undefined {
    if (lanes.length === order.connections) return undefined;
    const source = eventSource({ ...order, lane: `${order.lane}${lanes.length}` });
    const self: Lane = { source, dueMs: 0, connection: undefined };
    lanes.push(self);
    return self;
  }

  if (!isOpen) for (let self = newLane(); self !== undefined; self = newLane()) send(self, startMs);

  let phaseStartMs = startMs;
  for (const phase of phases) {
    const cpuFrom = process.cpuUsage();
    if (phase.rate === undefined) await until(phase.endMs);
    else await pace(phase.rate, { startMs: phaseStartMs, endMs: phase.endMs, submit });
    const { user, system } = process.cpuUsage(cpuFrom);
    phase.cpu = (user + system) / 1_000 / phase.durationMs;
    phaseStartMs = phase.endMs;
  }
  const drainedMs = endMs + DRAIN_MS;
  while (performance.now() < drainedMs && lanes.some(({ connection }) => connection?.busy))
    await until(performance.now() + 10);
  for (const { connection } of lanes) connection?.destroy();
  return {
    acknowledged,
    phases: phases.map(({ tally, durationMs, cpu }) => tally.result(durationMs / 1_000, cpu)),
    windows: windows.map((tally) => tally.window()),
  };
}

/** Submits requests at their times, which are evenly spread; late by at most a turn of a timer. */
async function pace(
  rate: number,
  { startMs, endMs, submit }: { startMs: number; endMs: number; submit: (dueMs: number) => void },
): Promise<void> {
  const everyMs = 1_000 / rate;
  let nextMs = startMs;
  while (nextMs < endMs) {
    const nowMs = performance.now();
    for (; nextMs <= nowMs && nextMs < endMs; nextMs += everyMs) submit(nextMs);
    await until(performance.now() + 1);
  }
}

function until(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, ms - performance.now())));
}
