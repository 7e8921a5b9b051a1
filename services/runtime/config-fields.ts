import { isIP } from "node:net";
import ipaddr from "ipaddr.js";

/** How the text of a variable becomes a value. */
export interface Format<T> {
  /** What would be right, as it reads after "should be". */
  readonly expected: string;
  /** The value, or undefined if the text is wrong. */
  parse(text: string): T | undefined;
  /** Never to be shown, not even when it is wrong. */
  readonly secret?: boolean;
}

/** Any text that is not empty. */
export const text: Format<string> = { expected: "a text", parse: (value) => value || undefined };

/** A text that no message shows. */
export const secret: Format<string> = { ...text, secret: true };

/** A whole number in decimal digits, both bounds included. */
export function integer({ min, max }: { readonly min: number; readonly max: number }): Format<number> {
  return {
    expected: `a whole number from ${min} to ${max}`,
    parse(value) {
      const number = /^-?\d{1,15}$/.test(value) ? Number(value) : Number.NaN;
      return number >= min && number <= max ? number : undefined;
    },
  };
}

/** A TCP port to listen on. */
export const port: Format<number> = { ...integer({ min: 0, max: 65_535 }), expected: "a port from 0 (any) to 65535" };

/** One of these texts, letter by letter. */
export function oneOf<const T extends string>(values: readonly T[]): Format<T> {
  return {
    expected: `one of ${values.join(", ")}`,
    parse: (value) => values.find((candidate) => candidate === value),
  };
}

/** The address of a listener: `127.0.0.1`, `0.0.0.0`, `::1` or a name. */
export const host: Format<string> = {
  expected: "an IP address or a host name",
  parse: (value) => (isHost(value) ? value : undefined),
};

/** Where a gRPC service listens: `name:port`, `[::1]:port` or `dns:///name:port`. */
export const hostAndPort: Format<string> = {
  expected: "host:port or dns:///host:port",
  parse(value) {
    const [, name = "", digits = ""] = /^(?:dns:\/\/\/)?(.+):(\d{1,5})$/.exec(value) ?? [];
    const bracketed = /^\[(.+)\]$/.exec(name)?.[1];
    const right = bracketed === undefined ? isHost(name) && !name.includes(":") : isIP(bracketed) === 6;
    const number = Number(digits);
    return right && number >= 1 && number <= 65_535 ? value : undefined;
  },
};

/** A URL with one of these schemes, e.g. `redis`; it may hold a password, so no message shows it. */
export function url(schemes: readonly string[]): Format<string> {
  return {
    expected: `a URL that begins with ${schemes.map((scheme) => `${scheme}://`).join(" or ")}`,
    parse: (value) => (schemes.some((scheme) => isUrl(value, scheme)) ? value : undefined),
    secret: true,
  };
}

/** `mongodb://…/name`: the database has to be named. It may hold a password, so no message shows it. */
export const mongodbUrl: Format<string> = {
  expected: "a URL like mongodb://host:27017/name, with the name of a database",
  parse: (value) => (/^mongodb(\+srv)?:\/\/[^/?#\s]+\/[^/?#\s]+/.test(value) ? value : undefined),
  secret: true,
};

export type Cidr = readonly [address: ipaddr.IPv4 | ipaddr.IPv6, prefixLength: number];

/** `10.0.0.0/8,fd00::/8`; an address alone means itself only. */
export const cidrs: Format<readonly Cidr[]> = {
  expected: "CIDRs separated by commas, e.g. 10.0.0.0/8,fd00::/8",
  parse(value) {
    const parsed = value.split(",").map((element) => parseCidr(element.trim()));
    return parsed.every((cidr) => cidr !== undefined) ? parsed : undefined;
  },
};

function parseCidr(value: string): Cidr | undefined {
  const [address = "", length] = value.split("/", 2);
  if (isIP(address) === 0) return undefined;
  const parsed = ipaddr.parse(address);
  if (length === undefined) return [parsed, parsed.kind() === "ipv4" ? 32 : 128];
  return ipaddr.isValidCIDR(value) ? ipaddr.parseCIDR(value) : undefined;
}

function isHost(value: string): boolean {
  return isIP(value) !== 0 || /^(?!-)[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})*\.?$/.test(value);
}

function isUrl(value: string, scheme: string): boolean {
  return value.startsWith(`${scheme}://`) && URL.canParse(value) && new URL(value).hostname !== "";
}
