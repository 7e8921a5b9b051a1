import type { Versioned } from "../storage/versioned-documents.ts";
import type { DeviceContext } from "./context.ts";
import type { Device } from "./device.ts";
import { completeJoins } from "./join.ts";
import { type DeviceDocument, MAX_ALIASES } from "./store.ts";

/** Where the device of a token is filed. */
export interface Located {
  readonly key: string;
  /** 0 where there is none. */
  readonly version: number;
  readonly device: Device | undefined;
}

/**
 * The devices that document keys lead to, their outstanding joins completed; the same object for keys that lead to
 * the same device.
 *
 * @param load the store's `load`, or its `loadRecent` where a write follows that is refused if the device has changed
 */
export async function locate(
  context: DeviceContext,
  keys: readonly string[],
  load: (keys: readonly string[]) => Promise<Map<string, Versioned<DeviceDocument>>>,
): Promise<Map<string, Located>> {
  const led = new Map<string, string>();
  const found = new Map<string, Located>();
  let open = new Map(keys.map((key) => [key, key]));
  for (let hop = 0; open.size > 0; hop++) {
    if (hop === MAX_ALIASES) throw new Error(`${[...open.keys()][0]} leads through more than ${MAX_ALIASES} aliases`);
    const documents = await load([...new Set(open.values())]);
    const next = new Map<string, string>();
    const unjoined = new Set<string>();
    for (const [key, at] of open) {
      const document = documents.get(at);
      if (document?.value.kind === "alias") next.set(key, document.value.aliasOf);
      else if (document !== undefined && document.value.device.joining.length > 0) {
        unjoined.add(at);
        next.set(key, at);
      } else {
        led.set(key, at);
        found.set(at, { key: at, version: document?.version ?? 0, device: document?.value.device });
      }
    }
    for (const key of unjoined) await completeJoins(context, key);
    open = next;
  }
  return new Map([...led].map(([key, at]) => [key, found.get(at)!]));
}
