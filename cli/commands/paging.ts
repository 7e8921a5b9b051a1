import { type Command, InvalidArgumentError } from "commander";

/** As many elements as the gateway puts on a page. */
export const MAX_PAGE_SIZE = 1000;
const DEFAULT_PAGE_SIZE = 50;

/** Options of a command that lists one page. */
export interface PagingOptions {
  readonly limit: number;
  readonly pageToken?: string;
}

/** Adds the options that choose a page. */
export function addPagingOptions(command: Command): Command {
  return command
    .option("--limit <n>", `at most this many, 1 to ${MAX_PAGE_SIZE}`, parseLimit, DEFAULT_PAGE_SIZE)
    .option("--page-token <token>", "what the page before ended with");
}

/** The page as requests name it. */
export function pageRequest(options: PagingOptions): { pageSize: number; pageToken: string } {
  return { pageSize: options.limit, pageToken: options.pageToken ?? "" };
}

/** Asks for page after page, from the first to the last. */
export async function allPages<Page extends { readonly nextPageToken: string }>(
  ask: (pageToken: string) => Promise<Page>,
): Promise<Page[]> {
  const pages: Page[] = [];
  let pageToken = "";
  do {
    const page = await ask(pageToken);
    pages.push(page);
    pageToken = page.nextPageToken;
  } while (pageToken !== "");
  return pages;
}

function parseLimit(text: string): number {
  const limit = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (limit < 1 || limit > MAX_PAGE_SIZE) throw new InvalidArgumentError(`It should be 1 to ${MAX_PAGE_SIZE}.`);
  return limit;
}
