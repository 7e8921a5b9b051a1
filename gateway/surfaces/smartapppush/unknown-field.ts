import { closeName } from "../../../services/runtime/close-name.ts";

/** Names that other APIs have for fields of an event, in words separated by spaces. */
const OTHER_NAMES: ReadonlyMap<string, string> = new Map([
  ["timestamp", "event_time"],
  ["properties", "params"],
  ["parameters", "params"],
  ["data", "params"],
  ["metadata", "context"],
  ["locale", "language"],
  ["lang", "language"],
  ["region", "country"],
  ["tz", "timezone"],
  ["os", "platform"],
  ["customer id", "app_user_id"],
  ["profile id", "app_user_id"],
]);

/**
 * The field that somebody who wrote `field` most likely meant, among `fields`: nearly the same name, another API's
 * name for it, or the only one that has its words (`userId`, `token`). Null for none.
 */
export function suggestField(field: string, fields: readonly string[]): string | null {
  const close = closeName(field, fields);
  if (close !== null) return close;
  const words = wordsOf(field);
  const other = OTHER_NAMES.get(words.trim());
  if (other !== undefined && fields.includes(other)) return other;
  const having = fields.filter((candidate) => words !== "  " && wordsOf(candidate).includes(words));
  return having.length === 1 ? (having[0] as string) : null;
}

/** The words of a name in lower case, each between spaces. */
function wordsOf(name: string): string {
  const words = name.replaceAll(/(\p{Ll})(\p{Lu})/gu, "$1 $2").split(/[^\p{L}\p{N}]+/u);
  return ` ${words
    .filter((word) => word !== "")
    .join(" ")
    .toLowerCase()} `;
}
