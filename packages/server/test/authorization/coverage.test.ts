import { expect, test } from "vitest";
import { endpoints } from "../../src/endpoints/index.ts";
import { CALLERS, verdictOn } from "./callers.ts";
import { ROUTES } from "./routes.ts";

/** Paths with a parameter that names nothing of the caller's. */
const SHARED_OBJECTS = [
  "models-get",
  // Weights and upstreams are the server's; only administrators may ask.
  "console-models-load",
  "console-models-pull",
  "console-models-pull-stop",
  "console-models-unload",
  "console-upstreams-drain",
  "console-upstreams-resume",
];

test("every endpoint has its line in the authorization table, and the table has no other", () => {
  expect(Object.keys(ROUTES).toSorted()).toEqual(endpoints.map(({ name }) => name).toSorted());
});

test("whatever a path names belongs to somebody, or is said to be for all", () => {
  const named = endpoints.filter(({ path }) => path.includes(":")).map(({ name }) => name);
  const ownedOnes = Object.entries(ROUTES).filter(([, { owned }]) => owned);
  expect(ownedOnes.map(([name]) => name).toSorted()).toEqual(named.filter((name) => !SHARED_OBJECTS.includes(name)).toSorted());
});

test("who is nobody, or holds a key that ended, is admitted nowhere that asks for a key", () => {
  const ended = CALLERS.filter((caller) => /nobody|malformed|unknown|inactive|archived|expired|revoked|removed/.test(caller));
  expect(ended).toHaveLength(13);
  for (const caller of ended) {
    for (const permission of ["workspace", "admin", "session"] as const)
      expect(verdictOn(caller, permission, { owned: true, forClaudeCode: true })).toBe("refused");
  }
});
