import ipaddr from "ipaddr.js";
import type { Cidr } from "../../services/runtime/config-fields.ts";

type Address = ipaddr.IPv4 | ipaddr.IPv6;

export interface PeerInformation {
  /** Address of the socket's other end; absent once the socket is closed. */
  readonly remoteAddress: string | undefined;
  /** `X-Forwarded-For`, several headers joined by commas. */
  readonly forwardedFor: string | undefined;
}

/**
 * Whom a request is counted against: the socket's address or, where that is a trusted proxy, the rightmost hop of
 * `X-Forwarded-For` that is none. IPv4 as it is (IPv4-mapped IPv6 too), IPv6 by its /64, which is what one
 * subscriber has. A hop that is no address ends the search: what is left of it cannot be believed.
 */
export function rateLimitAddress(peer: PeerInformation, trustedProxies: readonly Cidr[]): string {
  const socket = parseAddress(peer.remoteAddress ?? "");
  if (socket === null) return "unknown";
  let client = socket;
  if (peer.forwardedFor !== undefined) {
    const hops = peer.forwardedFor.split(",");
    for (let at = hops.length - 1; at >= 0 && isTrusted(client, trustedProxies); at -= 1) {
      const hop = parseAddress(hops[at]!.trim());
      if (hop === null) break;
      client = hop;
    }
  }
  return networkOf(client);
}

function isTrusted(address: Address, ranges: readonly Cidr[]): boolean {
  return ranges.some(([range, bits]) => range.kind() === address.kind() && address.match(range, bits));
}

function networkOf(address: Address): string {
  if (address.kind() === "ipv4") return address.toString();
  const groups = (address as ipaddr.IPv6).parts.slice(0, 4).map((part) => part.toString(16));
  return `${groups.join(":")}::/64`;
}

/** An address, with or without port or brackets as some proxies write it; null if it is none. */
function parseAddress(text: string): Address | null {
  const bare = /^\[(.+)\](?::\d+)?$/.exec(text)?.[1] ?? /^(\d+\.\d+\.\d+\.\d+):\d+$/.exec(text)?.[1] ?? text;
  // Four-part decimal only: `ipaddr.js` would read `1` or `0x7f.1` as IPv4 as well.
  if (!(bare.includes(":") ? ipaddr.IPv6.isValid(bare) : ipaddr.IPv4.isValidFourPartDecimal(bare))) return null;
  return ipaddr.process(bare);
}
