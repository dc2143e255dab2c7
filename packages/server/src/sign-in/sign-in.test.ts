import { TOTP } from "otpauth";
import { expect, test } from "vitest";
import { networkOf } from "./network-of.ts";
import { hashPassword, verifyPassword } from "./password-hash.ts";
import { seal, unseal } from "./seal.ts";
import { acceptTotp, enrolTotp } from "./totp.ts";

test("a password is right, and any other is wrong", async () => {
  const stored = await hashPassword("correct horse battery");
  expect(stored).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
  expect(await verifyPassword("correct horse battery", stored)).toEqual({ isRight: true, isOutdated: false });
  expect(await verifyPassword("correct horse batterx", stored)).toEqual({ isRight: false, isOutdated: false });
  expect(await verifyPassword("correct horse battery", null)).toEqual({ isRight: false, isOutdated: false });
});

test("a password typed with composed and decomposed letters is the same", async () => {
  expect((await verifyPassword("pa\u0308sswort-lang", await hashPassword("p\u00e4sswort-lang"))).isRight).toBe(true);
});

test("a hash with weaker parameters is right but outdated", async () => {
  // Made by argon2-cffi: hash_secret(b"password", b"somesalt", 2, 256, 1, 24, Type.ID).
  const weak = "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$79CPBBtFLAJe3yMqiKHvf7zwXFiecLBi";
  expect(await verifyPassword("password", weak)).toEqual({ isRight: true, isOutdated: true });
});

test("a sealed value opens only with its key and in its place", () => {
  const key = Buffer.alloc(32, 7);
  const sealed = seal(key, "JBSWY3DP", "totp:user_1");
  expect(unseal(key, sealed, "totp:user_1")).toBe("JBSWY3DP");
  expect(() => unseal(key, sealed, "totp:user_2")).toThrow("Internal server error");
  expect(() => unseal(Buffer.alloc(32, 8), sealed, "totp:user_1")).toThrow("Internal server error");
  sealed[sealed.length - 1]! ^= 1;
  expect(() => unseal(key, sealed, "totp:user_1")).toThrow("Internal server error");
});

test("a code works once, one step early or late, and not later", () => {
  const { secret, uri } = enrolTotp("ann@example.com");
  expect(uri).toMatch(/^otpauth:\/\/totp\/Parley:ann%40example.com\?/);
  const nowMs = Date.UTC(2026, 10, 21, 12, 0, 10);
  const code = (atMs: number) => new TOTP({ secret }).generate({ timestamp: atMs });
  const step = acceptTotp(secret, code(nowMs), nowMs, 0);
  expect(step).toBe(Math.floor(nowMs / 30_000));
  expect(acceptTotp(secret, code(nowMs), nowMs, step!)).toBeNull();
  expect(acceptTotp(secret, code(nowMs - 30_000), nowMs, 0)).toBe(step! - 1);
  expect(acceptTotp(secret, code(nowMs - 90_000), nowMs, 0)).toBeNull();
  expect(acceptTotp(secret, "not a code", nowMs, 0)).toBeNull();
});

test("all addresses of an IPv6 network count as one", () => {
  for (const address of ["2001:db8::1", "2001:0DB8:0:0:ffff::", "2001:db8::a:b:c:d", "2001:db8:0:0:1:2:3:4"]) {
    expect(networkOf(address)).toBe("2001:db8:0:0::/64");
  }
  expect(networkOf("2001:db8:0:1::1")).toBe("2001:db8:0:1::/64");
  expect(networkOf("::1")).toBe("0:0:0:0::/64");
  expect(networkOf("203.0.113.9")).toBe("203.0.113.9");
});
