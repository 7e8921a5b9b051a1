import { Code, type ConnectError } from "@connectrpc/connect";
import { CliFailure, exitCode } from "./exit-code.ts";
import type { Settings } from "./settings.ts";

const WHICH_PORT = "Is it the HTTP port of a Carillon gateway of this version?";
const NAME_THE_APP =
  'With the operator token, commands need --tenant and --app; "carillon apps list" shows what there is.';
const BROKEN_CONNECTION = /^(Parse Error|write EPIPE|read ECONNRESET|socket hang up)/;
/** What the gateway and its services say where a request names no app, or half of one. */
const LACKS_APP = /\b(tenantId and appId|(tenantId|appId) is required)$/;

/** How the gateway's refusal is told: its own message, and what to do next where that is known. */
export function failureOf(error: ConnectError, { url }: Pick<Settings, "url">): CliFailure {
  const { rawMessage, code } = error;
  switch (code) {
    case Code.NotFound:
      return new CliFailure(`Not found: ${rawMessage}`, exitCode.notFound);
    case Code.Unauthenticated:
      return new CliFailure(
        `Not authorized: ${rawMessage}\nGive an operator token or a server key with --token or CARILLON_OPERATOR_TOKEN.`,
        exitCode.notAuthorized,
      );
    case Code.PermissionDenied:
      return new CliFailure(
        `Not authorized: ${rawMessage}\nA server key opens its own app only; "apps" commands need the operator token.`,
        exitCode.notAuthorized,
      );
    case Code.InvalidArgument:
      return new CliFailure(
        // The gateway says so in the words of its API.
        LACKS_APP.test(rawMessage) ? `Refused: ${rawMessage}\n${NAME_THE_APP}` : `Refused: ${rawMessage}`,
        exitCode.usage,
      );
    case Code.Unavailable:
    case Code.DeadlineExceeded:
      return new CliFailure(
        `No answer from Carillon at ${url}: ${rawMessage}\nIf it does not run, start it (npm start); --url or CARILLON_URL names another address.`,
        exitCode.unreachable,
      );
    case Code.Unimplemented:
      return new CliFailure(
        `${url} does not know this command${rawMessage === "" ? "" : `: ${rawMessage}`}\n${WHICH_PORT}`,
        exitCode.failed,
      );
    case Code.Internal:
      // What Node says where somebody else listens, such as a gRPC port, whose answer is no HTTP/1.1.
      if (BROKEN_CONNECTION.test(rawMessage))
        return new CliFailure(`No answer from Carillon at ${url}: ${rawMessage}\n${WHICH_PORT}`, exitCode.unreachable);
      return new CliFailure(`Failed (${Code[code]}): ${rawMessage}`, exitCode.failed);
    default:
      return new CliFailure(`Failed (${Code[code]}): ${rawMessage}`, exitCode.failed);
  }
}
