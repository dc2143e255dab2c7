import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, expect, test } from "vitest";
import { followRoutes } from "../../src/models/follow-routes.ts";
import { systemClock } from "../../src/platform/clock.ts";
import { openStorage, type Storage } from "../../src/storage/storage.ts";
import { createTestDatabase, silentLog, type TestDatabase } from "../../src/storage/testing/test-storage.ts";
import { runCli } from "../support/run-cli.ts";

let database: TestDatabase;
/** Held open, as beside a running server: the commands are its guests and need not start a database each. */
let storage: Storage;
beforeAll(async () => {
  database = await createTestDatabase();
  storage = await openStorage({ ...database, log: silentLog, clock: systemClock });
});
afterAll(async () => {
  await storage?.close();
  await database?.[Symbol.asyncDispose]();
});

/** What the commands print, together; each has some of it. */
interface Line {
  readonly id: string;
  readonly workspace_id: string;
  readonly api_key: string;
  readonly status: string;
  readonly rows: number;
  readonly hash: string;
  readonly fault: string | null;
}

async function parley(...args: string[]): Promise<{ lines: Line[]; code: number | null; stderr: string }> {
  const env = database.databaseUrl === null ? {} : { DATABASE_URL: database.databaseUrl };
  const { code, stdout, stderr } = await runCli([...args, "--json", "--data", database.dataDir], { env });
  const lines = stdout.split("\n").filter(Boolean);
  return { lines: lines.map((line) => JSON.parse(line) as Line), code, stderr };
}

test("an operator makes an organization, its people and keys, rotates and revokes them, and the audit log has it all", async () => {
  expect((await parley("keys", "create", "--name", "early")).stderr).toContain("There is no organization yet");
  const [organization] = (await parley("organizations", "create", "--name", "Acme")).lines;
  expect((await parley("organizations", "list")).lines).toMatchObject([{ id: organization!.id, name: "Acme" }]);

  const [user] = (await parley("users", "create", "--email", "ada@example.com", "--name", "Ada", "--role", "admin")).lines;
  expect(user).toMatchObject({ email: "ada@example.com", role: "admin" });
  const again = await parley("users", "create", "--email", "ADA@example.com", "--name", "Ada");
  expect(again).toMatchObject({ code: 1, stderr: expect.stringContaining("already a member") });
  const king = await parley("users", "create", "--email", "k@example.com", "--name", "K", "--role", "king");
  expect(king).toMatchObject({ code: 1, stderr: expect.stringContaining("--role is one of user, developer") });

  const [admin] = (await parley("keys", "create", "--admin", "--name", "ops")).lines;
  expect(admin).toMatchObject({ api_key: expect.stringMatching(/^sk-ant-admin01-/), organization_id: organization!.id });
  const [first] = (await parley("keys", "create", "--name", "ci", "--expires-in-days", "30")).lines;
  const [next] = (await parley("keys", "rotate", first!.id, "--overlap-hours", "2", "--yes")).lines;
  expect(next).toMatchObject({ replaces: first!.id, workspace_id: organization!.workspace_id });
  expect((await parley("keys", "revoke", next!.id, "--yes")).code).toBe(0);
  expect((await parley("keys", "revoke", admin!.id, "--yes")).code).toBe(0);
  expect(await parley("keys", "revoke", "adminkey_01none", "--yes")).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("not found"),
  });
  const { lines: keys } = await parley("keys", "list");
  expect(Object.fromEntries(keys.map(({ id, status }) => [id, status]))).toEqual({
    [first!.id]: "active",
    [next!.id]: "archived",
    [admin!.id]: "archived",
  });
  expect(JSON.stringify(keys)).not.toContain(first!.api_key);

  const [verdict] = (await parley("audit", "verify")).lines;
  // The organization and its workspace, a person, three keys made, one rotated, two revoked.
  expect(verdict).toMatchObject({ organization_id: organization!.id, ok: true, rows: 9 });
  const note = `${organization!.id}:${verdict!.rows}:${verdict!.hash}`;
  expect((await parley("audit", "verify", "--expect", note)).code).toBe(0);
  const future = await parley("audit", "verify", "--expect", note.replace(":9:", ":10:"));
  expect(future).toMatchObject({ code: 1, stderr: expect.stringContaining("does not hold") });
  expect(future.lines[0]?.fault).toContain("before the noted row");
}, 300_000);

test("an operator sets how long a workspace's content is kept, and takes it back", async () => {
  const [organization] = (await parley("organizations", "create", "--name", "Keepers")).lines;
  const retention = async (...options: string[]) =>
    (await parley("workspaces", "retention", organization!.workspace_id, ...options)).lines;
  const usual = { zero_data_retention: false, retention_days: 30, file_retention_days: null };
  expect(await retention("--days", "7", "--file-days", "30")).toMatchObject([{ retention_days: 7, file_retention_days: 30 }]);
  expect(await retention("--days", "default", "--file-days", "none")).toMatchObject([usual]);
  expect(await retention()).toMatchObject([usual]);
});

test("an operator gives a key an AWS access key and takes it away, and the audit log has both", async () => {
  const [key] = (await parley("keys", "create", "--name", "bedrock")).lines;
  const [given] = (await parley("keys", "aws", key!.id)).lines;
  expect(given).toEqual({
    id: key!.id,
    aws_access_key_id: expect.stringMatching(/^AKIA[A-Z2-7]{16}$/),
    aws_secret_access_key: expect.stringMatching(/^[A-Za-z0-9+/]{40}$/),
  });
  expect((await parley("keys", "aws", key!.id, "--revoke")).lines).toEqual([{ id: key!.id, aws_access_key_id: null }]);
  const { rows } = await storage.run({ operation: "read the audit log", repeatable: true }, (database) =>
    database.execute<{ ids: (string | null)[] }>(
      sql`select array[before->>'aws_access_key_id', after->>'aws_access_key_id'] as ids from audit_log
        where target_id = ${key!.id} and action = 'api_key.update' order by sequence`,
    ),
  );
  const { aws_access_key_id: id } = given as unknown as { aws_access_key_id: string };
  expect(rows.map(({ ids }) => ids)).toEqual([
    [null, id],
    [id, null],
  ]);
}, 300_000);

test.each([
  [["keys", "create", "--name", "x", "--admin", "--workspace", "w"], "exclude each other"],
  [["keys", "create", "--name", "x", "--organization", "o"], "--organization is for --admin"],
  [["audit", "verify", "--expect", "nonsense"], "--expect takes what an earlier check printed"],
])("%j says what is wrong", async (args, message) => {
  expect(await parley(...args)).toMatchObject({ code: 1, stderr: expect.stringContaining(message) });
});

test("an operator has all nodes read their routes anew, and is told what each made of them", async () => {
  expect(await parley("upstreams", "reload")).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("No server has answered"),
  });
  const reloads: string[] = [];
  const follow = (node: string, problem: string | null) =>
    followRoutes({
      storage,
      node,
      log: { warn() {} },
      drain() {},
      reload() {
        reloads.push(node);
        return problem;
      },
    });
  await using _one = await follow("one", null);
  await using _two = await follow("two", "pools.big.targets: must be upstreams of one kind");
  const { code, lines, stderr } = await parley("upstreams", "reload");
  expect([code, lines]).toEqual([
    1,
    [
      {
        nodes: [
          { node: "one", problem: null },
          { node: "two", problem: "pools.big.targets: must be upstreams of one kind" },
        ],
      },
    ],
  ]);
  expect(stderr).toContain("Not all nodes go by the new routes.");
  // Each once, and none for what was asked before it began.
  expect(reloads.toSorted()).toEqual(["one", "two"]);
});

test("an operator drains an upstream on all nodes and resumes it, also while none runs, and the audit log says who", async () => {
  await parley("organizations", "create", "--name", "Upstream");
  const server = { kind: "anthropic", url: "https://api.example.com" };
  const pools = { large: { targets: [{ upstream: "gpu-1" }, { upstream: "gpu-2" }] } };
  await writeFile(
    join(database.dataDir, "parley.yaml"),
    JSON.stringify({ upstreams: { "gpu-1": server, "gpu-2": server }, pools }),
  );
  expect(await parley("upstreams", "drain", "gpu-7")).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("The configuration names no upstream gpu-7, but gpu-1, gpu-2."),
  });
  expect(await parley("upstreams", "resume", "gpu-1")).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("is not drained"),
  });
  const drained: Record<string, string[]> = {};
  const follow = (node: string) =>
    followRoutes({
      storage,
      node,
      log: { warn() {} },
      reload: () => null,
      drain: (upstreams) => void (drained[node] = [...upstreams]),
    });
  {
    await using _one = await follow("one");
    await using _two = await follow("two");
    expect((await parley("upstreams", "drain", "gpu-1")).lines).toEqual([{ drained: ["gpu-1"], pools_left_to_fallbacks: [] }]);
    await expect.poll(() => drained).toEqual({ one: ["gpu-1"], two: ["gpu-1"] });
    expect((await parley("upstreams", "drain", "gpu-2")).lines).toEqual([
      { drained: ["gpu-1", "gpu-2"], pools_left_to_fallbacks: ["large"] },
    ]);
    await expect.poll(() => drained).toEqual({ one: ["gpu-1", "gpu-2"], two: ["gpu-1", "gpu-2"] });
  }
  // A node that starts knows it before it takes a turn.
  {
    await using _three = await follow("three");
    expect(drained["three"]).toEqual(["gpu-1", "gpu-2"]);
    for (const upstream of ["gpu-1", "gpu-2"]) expect((await parley("upstreams", "resume", upstream)).code).toBe(0);
    await expect.poll(() => drained["three"]).toEqual([]);
  }
  const { rows } = await storage.run({ operation: "read the log", repeatable: true }, (database) =>
    database.execute<{ act: string }>(
      sql`select action || ' ' || target_id || ' by ' || actor_type as act from audit_log where target_type = 'upstream' order by sequence`,
    ),
  );
  const acts = ["drain gpu-1", "drain gpu-2", "resume gpu-1", "resume gpu-2"];
  expect(rows.map(({ act }) => act)).toEqual(acts.map((act) => `upstream.${act} by cli`));
});
