import { Code, ConnectError } from "@connectrpc/connect";

/** Work begun anew this often because others changed the same things is given up: who asked asks again, or the sweeper does. */
export const ATTEMPTS = 20;

/** What is thrown where work is given up after {@link ATTEMPTS}. */
export function keptChanging(what: string): ConnectError {
  return new ConnectError(`${what} kept changing; try again`, Code.Unavailable);
}
