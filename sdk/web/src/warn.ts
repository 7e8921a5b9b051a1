/** Tells the page's developers what was not done and why; the page itself never fails over what it tracks. */
export function warn(message: string): void {
  console.warn(`[Carillon] ${message}`);
}
