import { isJsonObject } from "../../body/strict-json.ts";
import { excerpt, shown } from "../../body/text.ts";
import type { Problem } from "./errors.ts";
import { DATA_KEY, MAX_DATA_BYTES } from "./schemas.ts";

const KEY = new RegExp(DATA_KEY);
const VALUE_TYPES: ReadonlySet<string> = new Set(["string", "number", "boolean"]);

/** Reads `data`, adds what is wrong to `problems` and returns it as JSON. */
export function readEventData(data: unknown, problems: Problem[]): string {
  if (data === undefined || data === null) return "{}";
  if (!isJsonObject(data)) {
    problems.push({ message: `data must be an object, but is ${shown(data)}`, path: ["data"] });
    return "{}";
  }
  const json = JSON.stringify(data);
  const bytes = Buffer.byteLength(json);
  if (bytes > MAX_DATA_BYTES) {
    problems.push({ message: `data must have at most ${MAX_DATA_BYTES} bytes, but has ${bytes}`, path: ["data"] });
  }
  for (const [key, value] of Object.entries(data)) {
    const path = ["data", excerpt(key)];
    if (!KEY.test(key)) problems.push({ message: `data key ${shown(key)} ${KEY_RULE}`, path });
    if (!VALUE_TYPES.has(typeof value)) {
      const message = `data.${excerpt(key)} must be a string, number or boolean, but is ${shown(value)}`;
      problems.push({ message, path });
    }
  }
  return json;
}

const KEY_RULE =
  "must start with a letter or digit and contain only letters, digits, hyphens and underscores, 255 at most";
