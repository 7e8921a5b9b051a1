import { mkdir, stat } from "node:fs/promises";
import { dirname } from "node:path";

/**
 * Makes a folder and those above it; one that is there already stays as it is. Node's own `recursive` is not used: where
 * the system denies a folder's existence (`ENOENT` below /proc) it tries again for ever.
 *
 * @throws Error of the system, naming the folder that could not be made.
 */
export async function makeFolder(path: string): Promise<void> {
  const failure = await attempt(path);
  if (failure?.code === "ENOENT" && dirname(path) !== path) {
    await makeFolder(dirname(path));
    const second = await attempt(path);
    if (second !== null) throw second;
  } else if (failure !== null) {
    throw failure;
  }
}

/** Null where the folder is there afterwards. */
async function attempt(path: string): Promise<NodeJS.ErrnoException | null> {
  try {
    await mkdir(path);
    return null;
  } catch (error) {
    const failure = error as NodeJS.ErrnoException;
    const isThere = failure.code === "EEXIST" && (await stat(path)).isDirectory();
    return isThere ? null : failure;
  }
}
