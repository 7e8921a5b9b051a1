import { describe, expect, test } from "vitest";
import { ConfigError, optional, readConfig, required, withDefault } from "../../../services/runtime/config.ts";
import {
  cidrs,
  type Format,
  host,
  hostAndPort,
  integer,
  mongodbUrl,
  oneOf,
  port,
  secret,
  text,
  url,
} from "../../../services/runtime/config-fields.ts";

describe("reading settings", () => {
  const fields = {
    host: withDefault("CARILLON_HOST", host, "127.0.0.1"),
    httpPort: withDefault("CARILLON_HTTP_PORT", port, 8080),
    operatorToken: required("CARILLON_OPERATOR_TOKEN", secret),
    redisUrl: optional("CARILLON_REDIS_URL", url(["redis", "rediss"])),
  };

  test("gives what is set, and the default or nothing for what is not", () => {
    const config = readConfig({ CARILLON_HTTP_PORT: "0", CARILLON_OPERATOR_TOKEN: "t", PATH: "/bin" }, fields);
    expect(config).toEqual({ host: "127.0.0.1", httpPort: 0, operatorToken: "t", redisUrl: undefined });
  });

  test("names everything that is wrong in one line: the variable, what it is, what would be right", () => {
    const read = () => readConfig({ CARILLON_HTTP_PORT: "80 80", CARILLON_HOST: "" }, fields);
    expect(read).toThrow(ConfigError);
    expect(read).toThrow(
      'CARILLON_HOST is "" and should be an IP address or a host name; ' +
        'CARILLON_HTTP_PORT is "80 80" and should be a port from 0 (any) to 65535; ' +
        "CARILLON_OPERATOR_TOKEN is not set and should be a text",
    );
  });

  test("never shows a secret, not even a wrong one", () => {
    const environment = { CARILLON_OPERATOR_TOKEN: "t", CARILLON_REDIS_URL: "http://user:password@host" };
    const read = () => readConfig(environment, fields);
    expect(read).toThrow(
      "CARILLON_REDIS_URL is a value of 25 characters and should be a URL that begins with redis://",
    );
    expect(read).not.toThrow("password");
  });

  test("refuses a variable that does not exist, but not those that other processes or the tests read", () => {
    const environment = {
      CARILLON_OPERATOR_TOKEN: "t",
      CARILLON_TRACKING_ADDRESS: "?",
      CARILLON_TEST_MONGODB_URL: "x",
    };
    expect(readConfig(environment, fields)).toMatchObject({ operatorToken: "t" });
    expect(() => readConfig({ ...environment, CARILLON_PORT: "80" }, fields)).toThrow(
      /^CARILLON_PORT is no setting of Carillon; there are CARILLON_HOST, /,
    );
  });
});

describe("the format of a setting", () => {
  const cases: [name: string, format: Format<unknown>, right: string[], wrong: string[]][] = [
    ["text", text, ["a", " "], [""]],
    ["integer", integer({ min: -1, max: 10 }), ["-1", "0", "10"], ["", "11", "-2", "1.0", "1e1", "0x1", " 1", "１"]],
    ["port", port, ["0", "65535"], ["65536", "-1", "http", ""]],
    ["one of", oneOf(["info", "warn"]), ["info"], ["INFO", "", "toString"]],
    [
      "host",
      host,
      ["127.0.0.1", "::", "::1", "localhost", "a-b.c1.svc."],
      ["", "a b", "http://a", "a:80", "[::1]", "-a"],
    ],
    [
      "host and port",
      hostAndPort,
      ["localhost:9090", "127.0.0.1:1", "[::1]:65535", "dns:///ingestion.carillon:9090"],
      ["localhost", "localhost:", ":80", "a:0", "a:65536", "::1:80", "http://a:80", "dns://a:80", "[a]:80", "a:b:80"],
    ],
    [
      "URL",
      url(["redis"]),
      ["redis://localhost", "redis://:p@h:6379/0"],
      ["redis:", "redis://", "localhost", "http://h"],
    ],
    [
      "MongoDB URL",
      mongodbUrl,
      ["mongodb://h/n", "mongodb://u:p@a:1,b:2/n?replicaSet=r", "mongodb+srv://h/n"],
      ["mongodb://h", "mongodb://h/", "mongodb://h/?a=b", "mongodb:///n", "http://h/n", ""],
    ],
    [
      "CIDRs",
      cidrs,
      ["10.0.0.0/8", "10.0.0.0/8, fd00::/8", "127.0.0.1", "::1"],
      ["", "10.0.0.0/33", "10.0.0.0/", "10/8", "a/8", "10.0.0.0/8,", "fd00::/129", "010.0.0.1"],
    ],
  ];

  test.each(cases)("%s takes what is right and nothing else", (...[, format, right, wrong]) => {
    for (const value of right) expect(format.parse(value), value).toBeDefined();
    for (const value of wrong) expect(format.parse(value), value).toBeUndefined();
  });

  test("an address without a length is itself alone", () => {
    const parsed = cidrs.parse("10.1.2.3,fd00::1,10.0.0.0/8") ?? [];
    expect(parsed.map(([address, length]) => `${address}/${length}`)).toEqual([
      "10.1.2.3/32",
      "fd00::1/128",
      "10.0.0.0/8",
    ]);
  });
});
