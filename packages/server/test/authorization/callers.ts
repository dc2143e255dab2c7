import { randomUUID } from "node:crypto";
import { createAdminKey, revokeAdminKey } from "../../src/auth/manage-admin-keys.ts";
import { createKey, revokeKey, updateKey } from "../../src/auth/manage-api-keys.ts";
import type { Permission } from "../../src/endpoints/define-endpoint.ts";
import { SESSION_COOKIE } from "../../src/endpoints/shared/session-cookie.ts";
import { systemClock } from "../../src/platform/clock.ts";
import { createMemoryBucketStore } from "../../src/limits/memory-bucket-store.ts";
import { createAccounts } from "../../src/sign-in/create-accounts.ts";
import { hashPassword } from "../../src/sign-in/password-hash.ts";
import { setPasswordHash } from "../../src/storage/user-credentials.ts";
import { createOrganization } from "../../src/tenancy/create-organization.ts";
import type { Person } from "../../src/tenancy/create-people.ts";
import { addUser, removeUser } from "../../src/tenancy/manage-users.ts";
import { archiveWorkspace, createWorkspace } from "../../src/tenancy/manage-workspaces.ts";
import { SYSTEM } from "../../src/tenancy/tenancy-deps.ts";
import type { Platform } from "../support/start-platform.ts";

/** Every kind of caller that an endpoint can have. */
export const CALLERS = [
  "nobody",
  "malformed key",
  "unknown key",
  "own key",
  "key of another workspace",
  "key of another organization",
  "inactive key",
  "archived key",
  "expired key",
  "key of an archived workspace",
  "admin key",
  "unknown admin key",
  "revoked admin key",
  "expired admin key",
  "foreign admin key",
  "owner's session",
  "developer's session",
  "billing's session",
  "revoked session",
  "expired session",
  "session of a removed person",
  "session of another organization",
  "Claude Code user's device",
] as const;

export type Caller = (typeof CALLERS)[number];

/** What a caller shows. */
export interface Credential {
  readonly key?: string;
  readonly cookie?: string;
}

/** What a caller gets: in, `401 authentication_error`, `403 permission_error`, or `404 not_found_error` as for what never was. */
export type Verdict = "admitted" | "refused" | "forbidden" | "not found";

/** The password of everybody who has a session. */
export const PASSWORD = "correct horse battery";

const LIVE_SESSIONS: ReadonlySet<Caller> = new Set(["owner's session", "developer's session", "billing's session"]);

/**
 * The whole policy. `owned`: the path names an object of the one caller whose own it is. `forClaudeCode`: Claude Code itself asks
 * for it.
 */
export function verdictOn(
  caller: Caller,
  permission: Permission,
  { owned, forClaudeCode }: { readonly owned: boolean; readonly forClaudeCode: boolean },
): Verdict {
  switch (permission) {
    case "public":
    case "local":
    case "console":
      return "admitted";
    case "session":
      return LIVE_SESSIONS.has(caller) ? "admitted" : "refused";
    case "workspace":
      if (caller === "billing's session") return "forbidden";
      if (caller === "Claude Code user's device") return forClaudeCode ? "admitted" : "forbidden";
      // A session without a workspace's name is in the default one, which is the own key's.
      if (caller === "own key" || LIVE_SESSIONS.has(caller)) return "admitted";
      if (caller === "key of another workspace" || caller === "key of another organization")
        return owned ? "not found" : "admitted";
      return "refused";
    case "admin":
      if (caller === "admin key" || caller === "owner's session") return "admitted";
      if (LIVE_SESSIONS.has(caller)) return "forbidden";
      if (caller === "foreign admin key") return owned ? "not found" : "admitted";
      return "refused";
    default:
      return permission satisfies never;
  }
}

/** Each caller's credential. Those of sessions are new each time, as a request may end its own. */
export async function makeCallers(platform: Platform): Promise<Readonly<Record<Caller, () => Promise<Credential>>>> {
  const { keys, organizationId, workspaceId } = platform;
  const act = { ...SYSTEM, organizationId };
  const settings = { displayColor: null, tags: {}, allowedInferenceGeos: null, defaultInferenceGeo: "global" as const };
  const workspace = (name: string) => createWorkspace(keys, act, { ...settings, name });
  const api = (at: string, expiresAtMs: number | null = null) =>
    createKey(keys, { name: "caller", workspaceId: at, expiresAtMs }, SYSTEM);
  const admin = (at: string, expiresAtMs: number | null = null) =>
    createAdminKey(keys, { name: "caller", organizationId: at, expiresAtMs }, SYSTEM);

  const foreign = await createOrganization(keys, "Foreign", SYSTEM);
  const [second, closed] = [await workspace("Second"), await workspace("Closed")];
  const [inactive, archived, inClosed] = [await api(workspaceId), await api(workspaceId), await api(closed.id)];
  await updateKey(keys, act, inactive.id, { status: "inactive" });
  await revokeKey(keys, archived.id, SYSTEM);
  await archiveWorkspace(keys, act, closed.id);
  const revokedAdmin = await admin(organizationId);
  await revokeAdminKey(keys, revokedAdmin.id, SYSTEM);
  return {
    nobody: async () => ({}),
    "malformed key": held("sk-ant-api03-short"),
    "unknown key": held(`sk-ant-api03-${"x".repeat(93)}AA`),
    "own key": held(platform.apiKey),
    "key of another workspace": held((await api(second.id)).secret),
    "key of another organization": held((await api(foreign.workspaceId)).secret),
    "inactive key": held(inactive.secret),
    "archived key": held(archived.secret),
    "expired key": held((await api(workspaceId, Date.now() - 1)).secret),
    "key of an archived workspace": held(inClosed.secret),
    "admin key": held(platform.adminKey),
    "unknown admin key": held(`sk-ant-admin01-${"x".repeat(93)}AA`),
    "revoked admin key": held(revokedAdmin.secret),
    "expired admin key": held((await admin(organizationId, Date.now() - 1)).secret),
    "foreign admin key": held((await admin(foreign.organizationId)).secret),
    ...(await makePeople(platform, foreign.organizationId)),
  };
}

type PersonCaller = Extract<Caller, `${string}session${string}`> | "Claude Code user's device";

async function makePeople(
  { accounts, storage, keys, organizationId, master }: Platform,
  foreignOrganizationId: string,
): Promise<Readonly<Record<PersonCaller, () => Promise<Credential>>>> {
  const passwordHash = await hashPassword(PASSWORD);
  const member = async (at: string, role: "primary_owner" | "developer" | "billing" | "claude_code_user"): Promise<Person> => {
    const email = `${randomUUID()}@example.com`;
    const person = await addUser(keys, { ...SYSTEM, organizationId: at }, { email, name: role, role });
    await setPasswordHash(storage, person.id, passwordHash, Date.now());
    return person;
  };
  const session = (person: Person) => async (): Promise<Credential> => {
    const { token } = await accounts.sessions.begin(person, null);
    return { cookie: `${SESSION_COOKIE}=${token}` };
  };
  const owner = await member(organizationId, "primary_owner");
  const removed = await member(organizationId, "developer");
  const ofRemoved = await session(removed)();
  await removeUser(keys, { ...SYSTEM, organizationId }, removed.id);
  const clock = { ...systemClock, nowMs: () => Date.now() - 13 * 3_600_000 };
  const longAgo = createAccounts({
    storage,
    people: accounts.people,
    buckets: createMemoryBucketStore({ clock }),
    master,
    openId: null,
    keys,
    clock,
  });
  return {
    "owner's session": session(owner),
    "developer's session": session(await member(organizationId, "developer")),
    "billing's session": session(await member(organizationId, "billing")),
    "revoked session": async () => {
      const { token } = await accounts.sessions.begin(owner, null);
      await accounts.sessions.end(token);
      return { cookie: `${SESSION_COOKIE}=${token}` };
    },
    "expired session": async () => {
      const { token } = await longAgo.sessions.begin(owner, null);
      return { cookie: `${SESSION_COOKIE}=${token}` };
    },
    "session of a removed person": async () => ofRemoved,
    "session of another organization": session(await member(foreignOrganizationId, "primary_owner")),
    "Claude Code user's device": held(await signInOnDevice(accounts, await member(organizationId, "claude_code_user"))),
  };
}

/** The access token of a device that somebody has signed in on. */
export async function signInOnDevice(
  { devices, sessions }: Platform["accounts"],
  person: Person,
  workspaceId: string | null = null,
): Promise<string> {
  const trace = { networkAddress: "127.0.0.1", userAgent: null, requestId: null };
  const codes = await devices.begin(trace);
  const session = await sessions.resolve((await sessions.begin(person, null)).token);
  const answer = { userCode: codes.userCode, isApproved: true, workspaceId };
  await devices.decide(session, answer, { actor: { type: "user", id: person.id }, requestId: null });
  const tokens = await devices.poll(codes.deviceCode, trace);
  if (typeof tokens === "string") throw new Error(tokens);
  return tokens.accessToken;
}

const held = (key: string) => async (): Promise<Credential> => ({ key });
