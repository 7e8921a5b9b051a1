import type { Dice } from "./dice.ts";

/** JSON as text, so that it can hold what `JSON.stringify` would never write. */
type Text = string;

const STRINGS = [
  ...["", " ", "a", "0", "null", "anon:", "anon:x", "__proto__", "constructor", "prototype", "toString", "$set", "a.b"],
  ...["\u0000", "\u007f", "\u202e", "\ufeff", "é", "e\u0301", "😀".repeat(70), "x".repeat(129), "x".repeat(257)],
  ...[
    "x".repeat(4_097),
    "x".repeat(33_000),
    "PushEngage.x",
    "e|1|2|3",
    "e|||",
    "1.2.3.4",
    "::ffff:1.2.3.4",
    "fe80::1%1",
  ],
  ...[
    "2026-11-20T14:30:00Z",
    "2026-02-30T00:00:00Z",
    "2026-11-20T23:59:60Z",
    "0000-01-01T00:00:00Z",
    "2026-11-20T14:30:00",
  ],
  ...[
    "9999-12-31T23:59:59-23:59",
    "0001-01-01T00:00:00+23:59",
    "1e3",
    "Europe/Istanbul",
    "+03:00",
    "UTC",
    "en-US",
    "TR",
  ],
  ...["00000000-0000-0000-0000-000000000000", "not-a-uuid", "f".repeat(64), "<x>&amp;</x>", "'; DROP TABLE events --"],
  ...[
    "../../etc/passwd",
    "{{7*7}}",
    "%s%n",
    "\r\nX-Injected: 1",
    "javascript:alert(1)",
    "android",
    "ANDROID",
    "granted",
  ],
];
const NUMBERS = [
  "0",
  "-0",
  "1",
  "3",
  "4",
  "-1",
  "1.5",
  "1e400",
  "-1e400",
  "1e308",
  "9007199254740993",
  "1E-400",
  "0.1e1",
];
const BROKEN = [
  "01",
  "+1",
  ".5",
  "1.",
  "NaN",
  "Infinity",
  "undefined",
  "'a'",
  '"\\ud800"',
  '"\\x"',
  '"\t"',
  "{",
  "]",
  "//",
];

/** Some JSON value, mostly valid. */
export function anyValue(dice: Dice, depth = 0): Text {
  const kinds = depth > 3 ? 4 : 7;
  switch (dice.below(kinds)) {
    case 0:
      return JSON.stringify(dice.pick(STRINGS));
    case 1:
      return dice.pick(NUMBERS);
    case 2:
      return dice.pick(["true", "false", "null"]);
    case 3:
      return dice.chance(20) ? dice.pick(BROKEN) : JSON.stringify(dice.bytes(40).toString("utf8"));
    case 4:
      return `[${many(dice, () => anyValue(dice, depth + 1))}]`;
    case 5:
      return `{${many(dice, () => `${anyKey(dice)}:${anyValue(dice, depth + 1)}`)}}`;
    default:
      return nested(dice);
  }
}

function many(dice: Dice, one: () => Text): Text {
  const count = dice.chance(2) ? 300 : dice.below(4);
  return Array.from({ length: count }, one).join(",");
}

function anyKey(dice: Dice): Text {
  return JSON.stringify(dice.chance(70) ? dice.pick(STRINGS).slice(0, 300) : dice.bytes(8).toString("latin1"));
}

function nested(dice: Dice): Text {
  const depth = dice.pick([2, 14, 15, 16, 17, 18, 100, dice.chance(5) ? 5_000 : 16]);
  return dice.chance(50) ? `${"[".repeat(depth)}${"]".repeat(depth)}` : `${'{"a":'.repeat(depth)}1${"}".repeat(depth)}`;
}

/**
 * An object like `example`: fields are left out, doubled, renamed or given other values; `names` are fields that it
 * could have.
 */
export function mutatedObject(example: object, names: readonly string[], dice: Dice): Text {
  const fields = Object.entries(example).map(([name, value]) => [JSON.stringify(name), JSON.stringify(value)]);
  for (let changes = dice.below(4); changes > 0; changes--) {
    const at = dice.below(fields.length + 1);
    const name = JSON.stringify(dice.pick(names));
    switch (dice.below(5)) {
      case 0:
        fields.splice(at, 1);
        break;
      case 1:
        fields.splice(at, 0, [name, anyValue(dice)]);
        break;
      case 2:
        if (fields[at] !== undefined) fields[at] = [fields[at][0]!, anyValue(dice)];
        break;
      case 3:
        if (fields[at] !== undefined) fields[at] = [anyKey(dice), fields[at][1]!];
        break;
      default:
        fields.push([name, JSON.stringify(dice.pick(STRINGS))]);
    }
  }
  return `{${fields.map(([name, value]) => `${name}:${value}`).join(",")}}`;
}
