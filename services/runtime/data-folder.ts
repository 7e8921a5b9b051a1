import { access, constants, mkdir, stat } from "node:fs/promises";
import { dirname } from "node:path";

/** What the system's codes mean for who chose the folder. */
const REASONS: Readonly<Record<string, string>> = {
  EEXIST: "there is a file of that name",
  ENOTDIR: "a part of the path is a file",
  ENOENT: "no folder can be made there",
  EACCES: "this user may not write there",
  EPERM: "this user may not write there",
  EROFS: "the file system is read-only",
  ENOSPC: "the disk is full",
};

/**
 * Makes the folder that `CARILLON_DATA_DIR` names and those above it; one that is there already stays as it is.
 *
 * @throws Error with one line: setting, folder, what is wrong with it, and what would be right
 */
export async function makeDataFolder(path: string): Promise<void> {
  try {
    await makeFolder(path);
    await access(path, constants.W_OK | constants.X_OK);
  } catch (error) {
    const { code = "", message } = error as NodeJS.ErrnoException;
    const reason = REASONS[code] ?? message;
    throw new Error(
      `cannot keep data in ${path} (CARILLON_DATA_DIR): ${reason}; name a folder that this user may write to`,
      { cause: error },
    );
  }
}

/**
 * Node's own `recursive` is not used: where the system denies a folder's existence (`ENOENT` below /proc) it tries again
 * for ever.
 */
async function makeFolder(path: string): Promise<void> {
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
