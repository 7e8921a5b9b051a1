import { Command } from "commander";
import {
  VerificationFinding_Status as Status,
  type VerificationFinding,
  type VerificationProgress,
  type VerificationSummary,
  VerifyAppResponseSchema,
} from "../../proto/gen/carillon/ingestion/v1/verification_service_pb.js";
import { type CommandContext, printJsonLine, withGateway } from "../command-context.ts";
import type { Console } from "../console.ts";
import { CliFailure, exitCode } from "../exit-code.ts";
import { cutText, visibleText } from "../text-width.ts";

/** How often progress is told where it cannot be written over: every 10 s, milliseconds. */
const LOG_INTERVAL_MS = 10_000;
/** Columns that a line of progress has at most, so that the next one can write over it. */
const PROGRESS_WIDTH = 78;

const HELP = `
It may run while the app is in use: what is still on its way is told as pending, and is no difference. Progress goes to
standard error. With --json every finding is one line, and the last line is the summary.

Exit status: 0 no difference, or none left after a repair; 1 differences.

Examples:
  carillon verify
  carillon verify --tenant acme --app <app> --repair
  carillon verify --json | jq -r 'select(.finding) | .finding.subject'`;

/** `verify`: whether the stored state is what follows from what was accepted. */
export function verifyCommand(console: Console): Command {
  return new Command("verify")
    .description("recompute an app's state from its stored events, and tell every difference")
    .option("--repair", "mend the differences, then verify once more")
    .addHelpText("after", HELP)
    .action(({ repair = false }: { repair?: boolean }, command: Command) =>
      withGateway(command, console, async (context) => {
        const summary = await follow(context, repair);
        if (!context.json) console.out(`${sentence(summary)}\n`);
        if (summary.remaining > 0)
          throw new CliFailure(`The state differs from what was accepted: ${advice(summary)}`, exitCode.failed);
      }),
    );
}

async function follow({ gateway, app, json, console }: CommandContext, repair: boolean): Promise<VerificationSummary> {
  const show = progressShower(console);
  // No deadline: it takes as long as there is to look at.
  for await (const response of gateway.verification.verifyApp({ ...app, repair }, { timeoutMs: 0 })) {
    const { message } = response;
    if (message.case === "progress") show.progress(message.value);
    else {
      show.clear();
      if (json) printJsonLine(console, VerifyAppResponseSchema, response);
      else if (message.case === "finding") console.out(`${line(message.value)}\n`);
    }
    if (message.case === "summary") return message.value;
  }
  throw new CliFailure(
    "The gateway ended the stream before the verification was done; repeat it.",
    exitCode.unreachable,
  );
}

function line({ status, kind, subject, field, expected, actual, pass }: VerificationFinding): string {
  const certainty = status === Status.DIFFERENCE ? "difference" : "pending   ";
  const again = pass > 1 ? " (still, after the repair)" : "";
  const values = `is ${actual || "missing"}, should be ${expected || "nothing"}`;
  return visibleText(`${certainty}  ${kind} ${subject}: ${field} ${values}${again}`);
}

function sentence({ checked, differences, pending, repaired, remaining }: VerificationSummary): string {
  const outcome = repaired ? `, ${differences - remaining} repaired, ${remaining} left` : "";
  return `${checked} looked at: ${differences} differences${outcome}; ${pending} pending.`;
}

function advice({ repaired }: VerificationSummary): string {
  return repaired
    ? "the repair left some; the ingestion service's log says why."
    : '"carillon verify --repair" mends it.';
}

/** Progress with the rate since the beginning: on a terminal one line that is written over, else one now and then. */
function progressShower(console: Console) {
  const startMs = console.now();
  const isTerminal = console.columns !== undefined;
  let toldMs = startMs;
  let isShown = false;
  return {
    progress({ phase, checked, share, pass }: VerificationProgress): void {
      const nowMs = console.now();
      if (!isTerminal && nowMs < toldMs + LOG_INTERVAL_MS) return;
      toldMs = nowMs;
      const rate = Math.round(checked / Math.max(1, (nowMs - startMs) / 1_000));
      const again = pass > 1 ? " once more" : "";
      const text = `${Math.floor(share * 100)} %: ${phase}${again}; ${checked} looked at, ${rate} a second`;
      console.err(isTerminal ? `\r${cutText(text, PROGRESS_WIDTH).padEnd(PROGRESS_WIDTH)}` : `${text}\n`);
      isShown = isTerminal;
    },
    clear(): void {
      if (isShown) console.err(`\r${" ".repeat(PROGRESS_WIDTH)}\r`);
      isShown = false;
    },
  };
}
