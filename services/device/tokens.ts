/** An accepted refresh. */
export interface TokenRefresh {
  readonly oldToken: string;
  readonly newToken: string;
  /** Place in the order of acceptance: the receipt in milliseconds, or more where the device knew a later one. */
  readonly order: number;
}

/** The tokens that a device has had. */
export interface TokenChain {
  /** Tokens known as strings, ascending; none while the device has only been named by a hash. */
  readonly tokens: readonly string[];
  readonly refreshes: readonly TokenRefresh[];
}

/** The token that no refresh replaces; where that leaves several or none, the new one of the refresh accepted last. */
export function currentToken(device: TokenChain): string {
  const replaced = new Set(device.refreshes.map((refresh) => refresh.oldToken));
  const candidates = device.tokens.filter((token) => !replaced.has(token));
  if (candidates.length === 1) return candidates[0] ?? "";
  return device.refreshes.toSorted(byAcceptance).at(-1)?.newToken ?? "";
}

/** The token that no refresh produces; where that leaves several or none, the old one of the refresh accepted first. */
export function rootToken(device: TokenChain): string {
  const produced = new Set(device.refreshes.map((refresh) => refresh.newToken));
  const candidates = device.tokens.filter((token) => !produced.has(token));
  if (candidates.length === 1) return candidates[0] ?? "";
  return device.refreshes.toSorted(byAcceptance).at(0)?.oldToken ?? "";
}

/** Acceptance first, then the tokens: two devices may have accepted at the same time before they became one. */
export function byAcceptance(a: TokenRefresh, b: TokenRefresh): number {
  if (a.order !== b.order) return a.order - b.order;
  if (a.oldToken !== b.oldToken) return a.oldToken < b.oldToken ? -1 : 1;
  return a.newToken < b.newToken ? -1 : a.newToken === b.newToken ? 0 : 1;
}

/** Distinct tokens, ascending; `tokens` itself where it has all of them. */
export function withTokens(tokens: readonly string[], more: readonly string[]): readonly string[] {
  return more.every((token) => tokens.includes(token)) ? tokens : [...new Set([...tokens, ...more])].sort();
}
