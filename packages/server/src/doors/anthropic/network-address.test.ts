import type { IncomingMessage } from "node:http";
import { expect, test } from "vitest";
import { isLocal, networkAddressOf, toNetworks } from "./network-address.ts";

const from = (remoteAddress: string, forwarded: string | null, trusted: readonly string[]) =>
  networkAddressOf(
    {
      socket: { remoteAddress },
      headers: forwarded === null ? {} : { "x-forwarded-for": forwarded },
    } as unknown as IncomingMessage,
    toNetworks(trusted),
  );

test("nobody but a trusted proxy says where a request comes from", () => {
  expect(from("203.0.113.9", "198.51.100.1", [])).toBe("203.0.113.9");
  expect(from("203.0.113.9", "198.51.100.1", ["10.0.0.0/8"])).toBe("203.0.113.9");
  expect(from("10.1.2.3", "198.51.100.1", ["10.0.0.0/8"])).toBe("198.51.100.1");
  expect(from("::ffff:10.1.2.3", "2001:db8::1", ["10.1.2.3"])).toBe("2001:db8::1");
});

test("what a client wrote before the proxy's own word counts for nothing", () => {
  expect(from("10.0.0.1", "1.1.1.1, 198.51.100.1", ["10.0.0.1"])).toBe("198.51.100.1");
  expect(from("::1", "1.1.1.1, 198.51.100.1, 10.0.0.7", ["::1", "10.0.0.0/24"])).toBe("198.51.100.1");
  expect(from("10.0.0.1", "nonsense", ["10.0.0.1"])).toBe("10.0.0.1");
  expect(from("10.0.0.1", null, ["10.0.0.1"])).toBe("10.0.0.1");
});

test("only this machine and named networks are local, and no proxy is local for another", () => {
  const local = (remoteAddress: string, headers: object = {}) =>
    isLocal({ socket: { remoteAddress }, headers } as unknown as IncomingMessage, toNetworks(["10.1.0.0/16", "2001:db8::/32"]));
  expect(
    ["127.0.0.1", "::1", "::ffff:127.0.0.1", "10.1.2.3", "::ffff:10.1.2.3", "2001:db8::5"].filter((from) => !local(from)),
  ).toEqual([]);
  expect(["10.2.0.1", "2001:db9::1", "203.0.113.9", ""].filter((from) => local(from))).toEqual([]);
  expect(local("10.1.2.3", { "x-forwarded-for": "10.1.2.3" })).toBe(false);
  expect(local("127.0.0.1", { forwarded: "for=127.0.0.1" })).toBe(false);
});
