import { describe, expect, it } from "vitest";
import { rateLimitAddress } from "../../../../gateway/http/client-address.ts";
import { cidrs } from "../../../../services/runtime/config-fields.ts";

const TRUSTED = cidrs.parse("10.0.0.0/8,fd00::/8,192.0.2.7")!;
const address = (remoteAddress: string | undefined, forwardedFor?: string) =>
  rateLimitAddress({ remoteAddress, forwardedFor }, TRUSTED);

describe("the address that a request is counted against", () => {
  it.each([
    ["203.0.113.9", "203.0.113.9"],
    ["::ffff:203.0.113.9", "203.0.113.9"],
    ["::ffff:cb00:7109", "203.0.113.9"],
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
    ["2001:DB8:1:2::", "2001:db8:1:2::/64"],
    ["fe80::1%eth0", "fe80:0:0:0::/64"],
    ["::1", "0:0:0:0::/64"],
  ])("of %s is %s", (remote, expected) => {
    expect(address(remote)).toBe(expected);
  });

  it.each([
    ["203.0.113.9", "198.51.100.1", "203.0.113.9"],
    ["10.0.0.1", "198.51.100.1", "198.51.100.1"],
    ["10.0.0.1", "6.6.6.6, 198.51.100.1", "198.51.100.1"],
    ["10.0.0.1", "6.6.6.6,198.51.100.1 , 10.9.9.9", "198.51.100.1"],
    ["10.0.0.1", "198.51.100.1, fd00::5, 192.0.2.7", "198.51.100.1"],
    ["::ffff:10.0.0.1", "2001:db8::1", "2001:db8:0:0::/64"],
    ["10.0.0.1", "10.0.0.2, 10.0.0.3", "10.0.0.2"],
    ["10.0.0.1", "198.51.100.1:4711", "198.51.100.1"],
    ["10.0.0.1", "[2001:db8::1]:4711", "2001:db8:0:0::/64"],
    ["10.0.0.1", "", "10.0.0.1"],
    ["10.0.0.1", "198.51.100.1, unknown, 10.0.0.2", "10.0.0.2"],
    ["10.0.0.1", "1, 0x7f.1, 2130706433", "10.0.0.1"],
  ])("from %s with X-Forwarded-For %j is %s", (...[remote, forwarded, expected]) => {
    expect(address(remote, forwarded)).toBe(expected);
  });

  it("of a socket that is gone is the same for all", () => {
    expect(address(undefined, "198.51.100.1")).toBe("unknown");
  });
});
