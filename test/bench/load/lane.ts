let lanes = 0;

/** A name for the events of one order, unlike that of any other order of this or another run. */
export function newLane(): string {
  lanes += 1;
  return `${(Date.now() % 1e9).toString(36)}_${lanes}_`;
}
