import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Endpoint, Permission } from "../../src/endpoints/define-endpoint.ts";
import { endpoints } from "../../src/endpoints/index.ts";
import { type Platform, startPlatform } from "../support/start-platform.ts";
import { type Caller, CALLERS, makeCallers, type Verdict, verdictOn } from "./callers.ts";
import { type Route, type RouteRequest, ROUTES } from "./routes.ts";

let platform: Platform;
let credentials: Awaited<ReturnType<typeof makeCallers>>;
beforeAll(async () => {
  // All callers come from one address, faster than anybody types.
  platform = await startPlatform({
    buckets: { take: async () => ({ taken: true, readings: [] }), settle: async () => {}, read: async () => [] },
  });
  credentials = await makeCallers(platform);
});
afterAll(async () => {
  await platform?.[Symbol.asyncDispose]();
});

interface Answer {
  readonly status: number;
  readonly type: string | null;
  readonly message: string | null;
}

async function call({ method, path }: Endpoint, request: RouteRequest, caller: Caller): Promise<Answer> {
  const at = path.replace(/:(\w+)/g, (_, name: string) => request.params?.[name] ?? "");
  const { key, cookie } = await credentials[caller]();
  const reply = await fetch(`${platform.url}${at}${request.query ? `?${request.query}` : ""}`, {
    redirect: "manual",
    method,
    headers: {
      "anthropic-version": "2026-10-21",
      ...(key === undefined ? {} : { "x-api-key": key }),
      ...(cookie === undefined ? {} : { cookie }),
      ...(request.json === undefined ? {} : { "content-type": "application/json" }),
    },
    ...(request.json === undefined ? {} : { body: JSON.stringify(request.json) }),
    ...(request.form ? { body: request.form } : {}),
  });
  const isStream = reply.headers.get("content-type")?.startsWith("text/event-stream") === true;
  // It would go on for as long as somebody listens.
  if (isStream) await reply.body?.cancel();
  const text = isStream ? "" : await reply.text();
  const { error } = (text.startsWith('{"type":"error"') ? JSON.parse(text) : {}) as { error?: { type: string; message: string } };
  return { status: reply.status, type: error?.type ?? null, message: error?.message ?? null };
}

/** The caller whose request every endpoint serves. */
const rightful = ({ permission }: Endpoint): Caller =>
  permission === "admin" ? "admin key" : permission === "session" ? "owner's session" : "own key";

const cells = endpoints.flatMap((endpoint) =>
  CALLERS.map((caller) => ({ endpoint, caller, route: ROUTES[endpoint.name]!, title: `${endpoint.name} for ${caller}` })),
);

const FOREIGN: ReadonlySet<Caller> = new Set(["foreign admin key", "key of another organization"]);

function verdictOf({ endpoint, caller, route }: { endpoint: Endpoint; caller: Caller; route: Route }): Verdict {
  if (route.forBilling && caller === "billing's session") return "admitted";
  const verdict = verdictOn(caller, endpoint.permission, { owned: route.owned, forClaudeCode: route.forClaudeCode === true });
  if (route.isOfServer && verdict === "admitted" && FOREIGN.has(caller)) return "forbidden";
  const isForbidden =
    (route.forAdministrators && caller !== "owner's session") || (route.forUsersOfModels && caller === "billing's session");
  return verdict === "admitted" && isForbidden ? "forbidden" : verdict;
}

/** What the answer must be, as what can be compared. */
function expectedOf({ endpoint, caller, route }: { endpoint: Endpoint; caller: Caller; route: Route }): Partial<Answer> {
  const verdict = verdictOf({ endpoint, caller, route });
  switch (verdict) {
    case "admitted":
      return { status: route.status };
    case "refused":
      return {
        status: 401,
        type: "authentication_error",
        message: refusalOf(caller, endpoint.permission),
      };
    case "forbidden":
      return { status: 403, type: "permission_error" };
    case "not found":
      return { status: 404, type: "not_found_error" };
    default:
      return verdict satisfies never;
  }
}

function refusalOf(caller: Caller, permission: Permission): string {
  if (caller.includes("session")) return "Your session is over. Sign in again.";
  if (permission === "session") return "Sign in first.";
  return caller === "nobody" ? "x-api-key header is required" : "invalid x-api-key";
}

describe("every endpoint, for every kind of caller", () => {
  test.each(cells)("$title", async (cell) => {
    const request = await cell.route.prepare(platform);
    expect(await call(cell.endpoint, request, cell.caller)).toMatchObject(expectedOf(cell));
    // Whoever was turned away has changed nothing: the rightful caller's request still does what it should.
    expect(await call(cell.endpoint, request, rightful(cell.endpoint))).toMatchObject(afterwards(cell));
  });

  /** Only what the rightful caller already did may be gone. */
  function afterwards({ endpoint, caller, route }: { endpoint: Endpoint; caller: Caller; route: Route }): Partial<Answer> {
    if (verdictOf({ endpoint, caller, route }) !== "admitted") return { status: route.status };
    return { status: expect.any(Number) as number };
  }
});

describe("every path's parameter", () => {
  const named = endpoints.filter(({ path }) => path.includes(":"));
  test.each(named)("of $name takes no id that cannot be one", async (endpoint) => {
    const request = await ROUTES[endpoint.name]!.prepare(platform);
    for (const id of ["%00", "%27%20or%20%271%27=%271", "%25", "%F0%9F%98%80", "x".repeat(2_000)]) {
      for (const name of Object.keys(request.params ?? {})) {
        const answer = await call(endpoint, { ...request, params: { ...request.params, [name]: id } }, rightful(endpoint));
        expect(answer, id).toMatchObject({ status: 404, type: "not_found_error" });
      }
    }
  });
});
