import { conflictBackoff } from "../storage/conflict-backoff.ts";
import { conflict } from "../storage/versioned-documents.ts";
import { absorb } from "./absorb.ts";
import type { DeviceContext } from "./context.ts";
import type { Device } from "./device.ts";
import { type AliasDocument, type DeviceDocument, MAX_ALIASES } from "./store.ts";

/** What is filed under one key. */
interface Filed {
  readonly key: string;
  readonly version: number;
  readonly document: DeviceDocument | undefined;
}

interface FiledDevice {
  readonly key: string;
  readonly version: number;
  readonly device: Device;
}

/**
 * Completes the joins that accepted refreshes left to a device. Anybody may do this at any time and stop after any
 * write; whoever touches the device next goes on.
 *
 * Of two devices the one with the smaller key survives, so that whatever happens at once, aliases never form a circle.
 * The survivor knows of the join (`joining`) before the other is turned into its alias, and forgets it after it has
 * absorbed what the alias hands over: whoever comes by either of them in between completes it first.
 *
 * @throws ConnectError UNAVAILABLE after too many conflicts
 */
export async function completeJoins(context: DeviceContext, key: string): Promise<void> {
  const backoff = conflictBackoff(context);
  for (let at = key; ; ) {
    const { key: root, version, document } = lastOf(await walk(context, at));
    if (document?.kind !== "device" || document.device.joining.length === 0) return;
    const next = await step(context, { key: root, version, device: document.device });
    if (next === conflict) await backoff();
    else at = next;
  }
}

/** Takes one step; answers where to go on. */
async function step(context: DeviceContext, root: FiledDevice): Promise<string | typeof conflict> {
  const { key, version, device } = root;
  const [first, ...others] = device.joining;
  if (first === undefined) return key;
  const path = await walk(context, first.key);
  const end = lastOf(path);
  if (end.document === undefined)
    return write(context, { ...end, document: { kind: "alias", aliasOf: key, handover: null } }, key);
  if (end.key !== key)
    return end.document.kind === "device" ? merge(context, root, { ...end, device: end.document.device }) : conflict;

  const handovers = path.flatMap((filed) => (filed.document?.kind === "alias" ? (filed.document.handover ?? []) : []));
  if (handovers.length === 0)
    return write(context, { key, version, document: { kind: "device", device: forget(device, others) } }, key);
  const absorbed = handovers.reduce((into, from) => absorb(into, from, context.clock.now()), device);
  const written = await write(context, { key, version, document: { kind: "device", device: absorbed } }, key);
  if (written !== conflict) await dropHandovers(context, path);
  return written;
}

function forget(device: Device, joining: Device["joining"]): Device {
  return { ...device, joining, revision: device.revision + 1 };
}

/** Brings two devices closer to being one: the one with the greater key becomes an alias once the other knows. */
async function merge(context: DeviceContext, root: FiledDevice, other: FiledDevice): Promise<string | typeof conflict> {
  if (other.key > root.key) {
    const alias: AliasDocument = { kind: "alias", aliasOf: root.key, handover: other.device };
    return write(context, { ...other, document: alias }, root.key);
  }
  if (other.device.joining.some((joining) => joining.key === root.key)) return other.key;
  const joining = [...other.device.joining, { key: root.key, sinceMs: context.clock.now() }];
  const informed = { ...other.device, joining, revision: other.device.revision + 1 };
  return write(context, { ...other, document: { kind: "device", device: informed } }, other.key);
}

/** Writes where the version still is the one read; answers `next`. */
async function write(
  context: DeviceContext,
  filed: Filed & { readonly document: DeviceDocument },
  next: string,
): Promise<string | typeof conflict> {
  const [written] = await context.store.save([
    { key: filed.key, expectedVersion: filed.version, value: filed.document },
  ]);
  return written === conflict ? conflict : next;
}

/**
 * What a device has absorbed, it keeps; a conflict means that another has dropped it. As a join is forgotten only after
 * this, nothing is absorbed again that has been taken back since, such as an unlink.
 */
async function dropHandovers(context: DeviceContext, path: readonly Filed[]): Promise<void> {
  await context.store.save(
    path.flatMap(({ key, version, document }) =>
      document?.kind === "alias" && document.handover !== null
        ? [{ key, expectedVersion: version, value: { ...document, handover: null } }]
        : [],
    ),
  );
}

/** The documents from a key to the device that it leads to; the last one is a device, or does not exist. */
async function walk(context: DeviceContext, from: string): Promise<readonly [Filed, ...Filed[]]> {
  const path: Filed[] = [];
  for (let key = from; path.length < MAX_ALIASES; ) {
    const found = (await context.store.load([key])).get(key);
    path.push({ key, version: found?.version ?? 0, document: found?.value });
    if (found?.value.kind !== "alias") return path as [Filed, ...Filed[]];
    key = found.value.aliasOf;
  }
  throw new Error(`${from} leads through more than ${MAX_ALIASES} aliases`);
}

function lastOf(path: readonly [Filed, ...Filed[]]): Filed {
  return path.at(-1) ?? path[0];
}
