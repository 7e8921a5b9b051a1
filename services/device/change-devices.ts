import { conflictBackoff } from "../storage/conflict-backoff.ts";
import { conflict } from "../storage/versioned-documents.ts";
import type { DeviceContext } from "./context.ts";
import { type Device, noDevice } from "./device.ts";
import { locate } from "./locate.ts";

/** A device with all the items about it taken in; the same object where they change nothing. */
export type DeviceChange<I> = (device: Device, items: readonly I[]) => Device;

/** A device as it is stored now. */
export interface ChangedDevice<I> {
  readonly key: string;
  readonly device: Device;
  readonly items: readonly I[];
}

/**
 * Changes the devices that items are about: one write a device, however many items. What is filed nowhere changes from
 * {@link noDevice}.
 *
 * @param items each with the document key of a token
 * @throws ConnectError UNAVAILABLE after too many conflicts; the same call may be repeated
 */
export async function changeDevices<I extends { readonly key: string }>(
  context: DeviceContext,
  items: readonly I[],
  change: DeviceChange<I>,
): Promise<ChangedDevice<I>[]> {
  const backoff = conflictBackoff(context);
  const changed: ChangedDevice<I>[] = [];
  for (let open = items; ; ) {
    const { written, refused } = await writeOnce(context, open, change);
    changed.push(...written);
    if (refused.length === 0) return changed;
    open = refused;
    await backoff();
  }
}

async function writeOnce<I extends { readonly key: string }>(
  context: DeviceContext,
  items: readonly I[],
  change: DeviceChange<I>,
): Promise<{ readonly written: ChangedDevice<I>[]; readonly refused: I[] }> {
  const recent = await changeLocated(items, {
    change,
    located: locate(context, keysOf(items), context.store.loadRecent),
  });
  const writes = recent.filter(({ before, device }) => device !== before);
  const versions = await context.store.save(
    writes.map(({ key, version, device }) => ({ key, expectedVersion: version, value: { kind: "device", device } })),
  );
  const same = recent.filter(({ before, device }) => device === before).flatMap((device) => device.items);
  const { confirmed, outdated } = await confirmUnchanged(context, same, change);
  return {
    written: [...writes.filter((_, index) => versions[index] !== conflict), ...confirmed],
    refused: [
      ...writes.filter((_, index) => versions[index] === conflict).flatMap((device) => device.items),
      ...outdated,
    ],
  };
}

/**
 * Reads devices that seem to stay as they are: no write of theirs can be refused to tell that what this process
 * remembers is out of date.
 */
async function confirmUnchanged<I extends { readonly key: string }>(
  context: DeviceContext,
  items: readonly I[],
  change: DeviceChange<I>,
): Promise<{ readonly confirmed: ChangedDevice<I>[]; readonly outdated: I[] }> {
  if (items.length === 0) return { confirmed: [], outdated: [] };
  const located = locate(context, keysOf(items), context.store.load);
  const read = await changeLocated(items, { change, located });
  return {
    confirmed: read.filter(({ before, device }) => device === before),
    outdated: read.filter(({ before, device }) => device !== before).flatMap((device) => device.items),
  };
}

function keysOf(items: readonly { readonly key: string }[]): string[] {
  return [...new Set(items.map((item) => item.key))];
}

interface PossibleChange<I> extends ChangedDevice<I> {
  readonly version: number;
  readonly before: Device;
}

async function changeLocated<I extends { readonly key: string }>(
  items: readonly I[],
  { located, change }: { readonly located: ReturnType<typeof locate>; readonly change: DeviceChange<I> },
): Promise<PossibleChange<I>[]> {
  const places = await located;
  return [...Map.groupBy(items, (item) => places.get(item.key))].flatMap(([at, own]) => {
    if (at === undefined) return [];
    const { key, version, device: before = noDevice } = at;
    return [{ key, version, before, device: change(before, own), items: own }];
  });
}
