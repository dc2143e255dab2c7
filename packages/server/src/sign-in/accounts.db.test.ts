import { randomBytes } from "node:crypto";
import { TOTP } from "otpauth";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { startOpenIdProvider, type OpenIdProvider } from "../../test/support/start-openid-provider.ts";
import { createMemoryBucketStore } from "../limits/memory-bucket-store.ts";
import type { Clock } from "../platform/clock.ts";
import { listAuditRows } from "../storage/audit-log.ts";
import type { Storage } from "../storage/storage.ts";
import { openTestStorage } from "../storage/testing/test-storage.ts";
import { createOrganization } from "../tenancy/create-organization.ts";
import { createPeople } from "../tenancy/create-people.ts";
import { createInvite } from "../tenancy/manage-invites.ts";
import { addUser, removeUser } from "../tenancy/manage-users.ts";
import { SYSTEM, type Act, type TenancyDeps } from "../tenancy/tenancy-deps.ts";
import { createAccounts, type Accounts } from "./create-accounts.ts";
import { requireRecentAuthentication } from "./sessions.ts";

const REDIRECT_URI = "http://127.0.0.1:1/console/api/openid/callback";
const OWNER = { email: "Ann@Example.com", name: "Ann", password: "correct horse battery" };
const HOUR_MS = 3_600_000;

let storage: Storage;
let provider: OpenIdProvider;
let accounts: Accounts;
let tenancy: TenancyDeps;
/** Parley itself, on the test's own organization. */
let act: Act;
let elapsedMs = 0;
let network = 0;
let isStopped = false;
const BEGUN = { nowMs: Date.now(), monotonicMs: performance.now() };
const clock: Clock = {
  nowMs: () => (isStopped ? BEGUN.nowMs : Date.now()) + elapsedMs,
  monotonicMs: () => (isStopped ? BEGUN.monotonicMs : performance.now()) + elapsedMs,
};

/** Each from a network of its own, so that one test's tries are not another's. */
const trace = () => ({ networkAddress: `10.0.0.${network++}`, userAgent: "test", requestId: "req_1" });

beforeAll(async () => {
  storage = await openTestStorage();
  provider = await startOpenIdProvider(REDIRECT_URI);
});
afterAll(async () => {
  await provider[Symbol.asyncDispose]();
  await storage.close();
});

beforeEach(async () => {
  elapsedMs = 0;
  isStopped = false;
  tenancy = { storage, clock, auditKey: randomBytes(32), authenticator: null };
  const { organizationId } = await createOrganization(tenancy, "Test", SYSTEM);
  act = { ...SYSTEM, organizationId };
  accounts = createAccounts({
    storage,
    people: createPeople(tenancy, organizationId),
    buckets: createMemoryBucketStore({ clock }),
    master: randomBytes(32),
    openId: { issuer: provider.issuer, clientId: provider.clientId, clientSecret: provider.clientSecret },
    keys: { ...tenancy, hmacKey: randomBytes(32) },
    clock,
  });
});

async function becomeOwner() {
  const secret = await accounts.signIn.createOwnerLink();
  return accounts.signIn.becomeOwner(secret ?? "", OWNER, trace());
}

const signIn = (over: Partial<{ email: string; password: string; code: string }> = {}) =>
  accounts.signIn.withPassword({ email: OWNER.email, password: OWNER.password, code: null, ...over }, trace());

test("the owner's link makes an owner once, and only the newest one works", async () => {
  const first = await accounts.signIn.createOwnerLink();
  const second = await accounts.signIn.createOwnerLink();
  await expect(accounts.signIn.becomeOwner(first ?? "", OWNER, trace())).rejects.toMatchObject({ type: "authentication_error" });
  const begun = await accounts.signIn.becomeOwner(second ?? "", OWNER, trace());
  expect(begun.person).toMatchObject({ email: "ann@example.com", name: "Ann", role: "primary_owner" });
  await expect(accounts.signIn.becomeOwner(second ?? "", OWNER, trace())).rejects.toMatchObject({ type: "authentication_error" });
  expect(await accounts.signIn.createOwnerLink()).toBeNull();
});

test("an owner's link lapses after a day", async () => {
  const secret = await accounts.signIn.createOwnerLink();
  elapsedMs = 24 * HOUR_MS + 1;
  await expect(accounts.signIn.becomeOwner(secret ?? "", OWNER, trace())).rejects.toMatchObject({ type: "authentication_error" });
});

test("a password signs in, in whatever case the address is typed; wrong ones and strangers hear the same", async () => {
  await becomeOwner();
  expect((await signIn({ email: " ANN@example.COM " })).person.name).toBe("Ann");
  const wrong = { type: "authentication_error", publicMessage: "The e-mail address or the password is wrong." };
  await expect(signIn({ password: "correct horse batterx" })).rejects.toMatchObject(wrong);
  await expect(signIn({ email: "bob@example.com" })).rejects.toMatchObject(wrong);
});

test("guessing is slowed down for the address, right guesses included", async () => {
  isStopped = true;
  await becomeOwner();
  for (let tries = 0; tries < 30; tries++) await expect(signIn({ password: `wrong guess ${tries}` })).rejects.toThrow("is wrong");
  await expect(signIn()).rejects.toMatchObject({ type: "rate_limit_error", retryAfterSeconds: expect.any(Number) });
  elapsedMs = 60_000;
  expect((await signIn()).person.name).toBe("Ann");
});

test("a short password is refused with its reason, and the link still works", async () => {
  const secret = await accounts.signIn.createOwnerLink();
  await expect(accounts.signIn.becomeOwner(secret ?? "", { ...OWNER, password: "short" }, trace())).rejects.toMatchObject({
    publicMessage: "password: String should have at least 12 characters",
  });
  expect((await accounts.signIn.becomeOwner(secret ?? "", OWNER, trace())).person.name).toBe("Ann");
});

test("a session ends by signing out, by idling, with its lifetime, and with another password", async () => {
  const { token } = await becomeOwner();
  const session = await accounts.sessions.resolve(token);
  const gone = { type: "authentication_error" };
  const other = await signIn();
  await accounts.signIn.changePassword(session, { current: OWNER.password, next: "another long password" }, trace());
  await expect(accounts.sessions.resolve(other.token)).rejects.toMatchObject(gone);
  expect((await accounts.sessions.resolve(token)).person.name).toBe("Ann");

  await accounts.sessions.end(token);
  await expect(accounts.sessions.resolve(token)).rejects.toMatchObject(gone);

  const idle = await signIn({ password: "another long password" });
  elapsedMs += 12 * HOUR_MS + 1;
  await expect(accounts.sessions.resolve(idle.token)).rejects.toMatchObject(gone);

  const busy = await signIn({ password: "another long password" });
  for (let hours = 0; hours < 7 * 24; hours += 8) {
    await accounts.sessions.resolve(busy.token);
    elapsedMs += 8 * HOUR_MS;
  }
  await expect(accounts.sessions.resolve(busy.token)).rejects.toMatchObject(gone);
});

test("what is sensitive asks again after a quarter of an hour", async () => {
  const { token } = await becomeOwner();
  requireRecentAuthentication(await accounts.sessions.resolve(token), clock.nowMs());
  elapsedMs = 16 * 60_000;
  const stale = await accounts.sessions.resolve(token);
  expect(() => requireRecentAuthentication(stale, clock.nowMs())).toThrow("Confirm that it is you");
  await expect(accounts.signIn.reauthenticate(stale, { password: "not the password", code: null })).rejects.toThrow("is wrong");
  await accounts.signIn.reauthenticate(stale, { password: OWNER.password, code: null });
  requireRecentAuthentication(await accounts.sessions.resolve(token), clock.nowMs());
});

test("a second factor is asked for once it is confirmed; each code and recovery code works once", async () => {
  // A code is another one every half minute.
  isStopped = true;
  const { person } = await becomeOwner();
  const { secret } = await accounts.secondFactor.enrol(person.id, person.email);
  const code = () => new TOTP({ secret }).generate({ timestamp: clock.nowMs() });
  // Not confirmed yet: a person who lost the app half-way is not locked out.
  await signIn();
  await expect(accounts.secondFactor.confirm(person.id, "000000", "req_1")).rejects.toMatchObject({
    type: "invalid_request_error",
  });
  const recovery = await accounts.secondFactor.confirm(person.id, code(), "req_1");
  expect(recovery).toHaveLength(10);
  await expect(signIn()).rejects.toMatchObject({ details: { error_code: "second_factor_required" } });
  // The code that confirmed it has been used.
  await expect(signIn({ code: code() })).rejects.toMatchObject({ type: "authentication_error" });
  elapsedMs += 60_000;
  await signIn({ code: code() });
  await signIn({ code: (recovery[0] ?? "").toUpperCase() });
  await expect(signIn({ code: recovery[0] ?? "" })).rejects.toMatchObject({ type: "authentication_error" });
  await accounts.secondFactor.disable(person.id, recovery[1] ?? "", "req_1");
  await signIn();
});

test("guessing codes is slowed down, also in a session that is there", async () => {
  isStopped = true;
  const { person } = await becomeOwner();
  const { secret } = await accounts.secondFactor.enrol(person.id, person.email);
  const code = () => new TOTP({ secret }).generate({ timestamp: clock.nowMs() });
  await accounts.secondFactor.confirm(person.id, code(), "req_1");
  elapsedMs += 120_000;
  for (let tries = 0; tries < 10; tries++) {
    await expect(accounts.secondFactor.disable(person.id, `no code ${tries}`, "req_1")).rejects.toThrow("The code is wrong");
  }
  await expect(accounts.secondFactor.disable(person.id, code(), "req_1")).rejects.toMatchObject({ type: "rate_limit_error" });
  elapsedMs += 60_000;
  await accounts.secondFactor.disable(person.id, code(), "req_1");
});

test("one network's guesses do not keep a person out who comes from another", async () => {
  isStopped = true;
  await becomeOwner();
  const from = trace();
  const guess = (password: string) => accounts.signIn.withPassword({ email: OWNER.email, password, code: null }, from);
  for (let tries = 0; tries < 10; tries++) await expect(guess(`wrong guess ${tries}`)).rejects.toThrow("is wrong");
  await expect(guess(OWNER.password)).rejects.toMatchObject({ type: "rate_limit_error" });
  expect((await signIn()).person.name).toBe("Ann");
});

test("strangers who try an address do not stand in the way of the one who is signed in", async () => {
  isStopped = true;
  const { token } = await becomeOwner();
  for (let tries = 0; tries < 30; tries++) await expect(signIn({ password: `wrong guess ${tries}` })).rejects.toThrow("is wrong");
  await expect(signIn()).rejects.toMatchObject({ type: "rate_limit_error" });
  const session = await accounts.sessions.resolve(token);
  await accounts.signIn.reauthenticate(session, { password: OWNER.password, code: null });
});

test("a password set with a link ends sessions and other links, and the audit log tells", async () => {
  const { person, token } = await becomeOwner();
  const [link, older] = [
    await accounts.signIn.createPasswordLink(person.id),
    await accounts.signIn.createPasswordLink(person.id),
  ];
  const next = { password: "another long password", code: null };
  await accounts.signIn.setPassword(link, next, trace());
  await expect(accounts.sessions.resolve(token)).rejects.toMatchObject({ type: "authentication_error" });
  await expect(accounts.signIn.setPassword(older, next, trace())).rejects.toMatchObject({ type: "authentication_error" });

  const { secret } = await accounts.secondFactor.enrol(person.id, person.email);
  const code = new TOTP({ secret }).generate({ timestamp: clock.nowMs() });
  const [recovery] = await accounts.secondFactor.confirm(person.id, code, "req_2");
  await accounts.secondFactor.disable(person.id, recovery ?? "", "req_3");
  const filter = { action: null, actorId: person.id, targetId: null, fromMs: null, toMs: null };
  const { rows } = await listAuditRows(storage, act.organizationId, filter, { limit: 10, beforeSequence: null });
  expect(rows.map(({ action, requestId }) => [action, requestId])).toEqual([
    ["user.second_factor_disable", "req_3"],
    ["user.second_factor_enable", "req_2"],
    ["user.password_change", "req_1"],
  ]);
});

test("a first password is set only by who has come through the provider lately", async () => {
  const user = await addUser(tenancy, act, { email: "bea@example.com", name: "Bea", role: "admin" });
  const { token } = await accounts.sessions.begin(user, null);
  elapsedMs = 16 * 60_000;
  const setFirst = async () =>
    accounts.signIn.changePassword(await accounts.sessions.resolve(token), { current: null, next: OWNER.password }, trace());
  await expect(setFirst()).rejects.toMatchObject({ details: { error_code: "reauthentication_required" } });
  elapsedMs = 14 * 60_000;
  await setFirst();
});

test("of two sign-ins at once with one code, one gets in", async () => {
  const { person } = await becomeOwner();
  const { secret } = await accounts.secondFactor.enrol(person.id, person.email);
  const code = () => new TOTP({ secret }).generate({ timestamp: clock.nowMs() });
  await accounts.secondFactor.confirm(person.id, code(), "req_1");
  elapsedMs += 60_000;
  const same = code();
  const outcomes = await Promise.allSettled([signIn({ code: same }), signIn({ code: same })]);
  expect(outcomes.map((outcome) => outcome.status).toSorted()).toEqual(["fulfilled", "rejected"]);
});

test("a member comes in through the provider by a verified address, and later by who they are there", async () => {
  await becomeOwner();
  provider.accounts.set("ann-at-idp", { email: "ann@example.com", emailVerified: true, name: "Ann" });
  const enter = async () => {
    const { location, ticket } = await accounts.openId!.begin(REDIRECT_URI);
    return { ticket, callback: await provider.logIn(location, "ann-at-idp") };
  };
  const first = await enter();
  expect((await accounts.openId!.finish(first.callback, first.ticket)).person.email).toBe("ann@example.com");
  // The address there changes; the person does not.
  provider.accounts.set("ann-at-idp", { email: "ann@elsewhere.example", emailVerified: false, name: "Ann" });
  const second = await enter();
  expect((await accounts.openId!.finish(second.callback, second.ticket)).person.email).toBe("ann@example.com");
  // The same answer does not work twice, nor one that was begun elsewhere.
  await expect(accounts.openId!.finish(second.callback, second.ticket)).rejects.toMatchObject({ type: "authentication_error" });
  const third = await enter();
  const { ticket } = await accounts.openId!.begin(REDIRECT_URI);
  await expect(accounts.openId!.finish(third.callback, ticket)).rejects.toMatchObject({ type: "authentication_error" });
});

test("who was removed and invited again comes in anew through the provider", async () => {
  await becomeOwner();
  provider.accounts.set("cid", { email: "cid@example.com", emailVerified: true, name: "Cid" });
  const enter = async () => {
    await createInvite(tenancy, act, { email: "cid@example.com", role: "developer" });
    const { location, ticket } = await accounts.openId!.begin(REDIRECT_URI);
    return (await accounts.openId!.finish(await provider.logIn(location, "cid"), ticket)).person;
  };
  const first = await enter();
  await removeUser(tenancy, act, first.id);
  const second = await enter();
  expect(second.email).toBe("cid@example.com");
  expect(second.id).not.toBe(first.id);
});

test("a provider that tells verified addresses as text is understood, and anything else in their place refused", async () => {
  await becomeOwner();
  const enterWith = async (emailVerified: unknown) => {
    provider.accounts.set("textual", { email: "ann@example.com", emailVerified: emailVerified as boolean, name: "Ann" });
    const { location, ticket } = await accounts.openId!.begin(REDIRECT_URI);
    return (await accounts.openId!.finish(await provider.logIn(location, "textual"), ticket)).person;
  };
  await expect(enterWith("false")).rejects.toMatchObject({ type: "permission_error" });
  await expect(enterWith(7)).rejects.toMatchObject({ type: "authentication_error" });
  expect((await enterWith("true")).email).toBe("ann@example.com");
});

test("a session is confirmed at the provider by its own person alone, and only by a proof made anew", async () => {
  const user = await addUser(tenancy, act, { email: "dora@example.com", name: "Dora", role: "admin" });
  provider.accounts.set("dora", { email: "dora@example.com", emailVerified: true, name: "Dora" });
  provider.accounts.set("eve", { email: "eve@example.com", emailVerified: true, name: "Eve" });
  const openId = accounts.openId!;
  const entered = await openId.begin(REDIRECT_URI);
  const browser = new Map<string, string>();
  const { person } = await openId.finish(await provider.logIn(entered.location, "dora", browser), entered.ticket);
  expect(await accounts.proofsOf(person.id)).toEqual({ hasSecondFactor: false, confirmWith: ["openid"] });
  const confirming = { sessionId: "session_1", userId: user.id };

  const asked = await openId.begin(REDIRECT_URI, confirming);
  expect(Object.fromEntries(new URL(asked.location).searchParams)).toMatchObject({ prompt: "login", max_age: "0" });
  expect(await openId.finish(await provider.logIn(asked.location, "dora", browser), asked.ticket)).toMatchObject({
    person: { id: user.id },
    confirmedSessionId: "session_1",
  });

  const foreign = await openId.begin(REDIRECT_URI, confirming);
  await expect(openId.finish(await provider.logIn(foreign.location, "eve"), foreign.ticket)).rejects.toMatchObject({
    type: "permission_error",
  });

  // Whoever sits down at an open browser can change the address that it is sent to; the provider still knows the person.
  for (const maxAge of [null, "10000"]) {
    elapsedMs = 5 * 60_000;
    const changed = await openId.begin(REDIRECT_URI, confirming);
    const location = new URL(changed.location);
    location.searchParams.delete("prompt");
    if (maxAge === null) location.searchParams.delete("max_age");
    else location.searchParams.set("max_age", maxAge);
    await expect(openId.finish(await provider.logIn(location.href, "dora", browser), changed.ticket)).rejects.toMatchObject({
      type: "authentication_error",
    });
  }
  // A new session in that browser is as old as the proof, too.
  const again = await openId.begin(REDIRECT_URI);
  const { authenticatedAtMs } = await openId.finish(await provider.logIn(again.location, "dora", browser), again.ticket);
  expect(clock.nowMs() - authenticatedAtMs).toBeGreaterThan(4 * 60_000);
});

test("the provider's strangers, and members whose address it does not vouch for, stay outside", async () => {
  await becomeOwner();
  provider.accounts.set("mallory", { email: "ann@example.com", emailVerified: false, name: "Ann" });
  provider.accounts.set("bob", { email: "bob@example.com", emailVerified: true, name: "Bob" });
  for (const account of ["mallory", "bob"]) {
    const { location, ticket } = await accounts.openId!.begin(REDIRECT_URI);
    const callback = await provider.logIn(location, account);
    await expect(accounts.openId!.finish(callback, ticket)).rejects.toMatchObject({ type: "permission_error" });
  }
});
