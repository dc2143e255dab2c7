import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "drizzle-orm";
import { expect, onTestFinished, test } from "vitest";
import { PLATFORM_TIERS } from "../../src/limits/tiers.ts";
import { advanceTiers } from "../../src/money/advance-tiers.ts";
import { databaseUrlOf } from "../../src/storage/testing/database-url-of.ts";
import { runCli } from "../support/run-cli.ts";
import { startPlatform } from "../support/start-platform.ts";

test(
  "the operator grants credits once a reference, sees what is left, and purchases move an organization up its tiers",
  { timeout: 240_000 },
  async () => {
    await using platform = await startPlatform();
    const { storage, keys, organizationId } = platform;
    const dataDir = await mkdtemp(join(tmpdir(), "parley-credits-"));
    onTestFinished(() => rm(dataDir, { recursive: true, force: true }));
    const cli = async (...args: string[]) => {
      const run = await runCli([...args, "--json"], {
        env: { DATABASE_URL: databaseUrlOf(storage), PARLEY_DATA: dataDir },
      });
      return {
        ...run,
        lines: run.stdout
          .split("\n")
          .filter(Boolean)
          .map((line) => JSON.parse(line) as Record<string, unknown>),
      };
    };
    const tier = async (advances = true) => {
      await advanceTiers(keys, { tiers: PLATFORM_TIERS, defaultTier: "1", advances });
      const { rows } = await storage.run({ operation: "read", repeatable: true }, (db) =>
        db.execute<{ cap: string }>(
          sql`select (amount_nano_usd / 1000000000)::text as cap from spend_limits where organization_id = ${organizationId} and scope_type = 'usage_tier'`,
        ),
      );
      return rows.map(({ cap }) => cap);
    };
    expect(await cli("credits", "grant", "--usd", "12.5", "--reference", "welcome")).toMatchObject({
      code: 0,
      lines: [{ granted: true, balance_usd: "12.5" }],
    });
    expect(await tier()).toEqual(["100"]);
    const purchase = ["credits", "grant", "--usd", "250", "--reference", "invoice 7", "--purchase", "--expires-in-days", "365"];
    expect(await cli(...purchase)).toMatchObject({ lines: [{ granted: true, balance_usd: "262.5" }] });
    expect(await cli(...purchase)).toMatchObject({ lines: [{ granted: false, balance_usd: "262.5" }] });
    // Where the operator advances organizations by hand, nothing moves by itself.
    expect(await tier(false)).toEqual(["100"]);
    expect(await tier()).toEqual(["1000"]);
    expect(await cli("credits", "list")).toMatchObject({
      lines: [
        { kind: "grant", reference: "welcome", remaining_usd: "12.5", expiresAt: null },
        { kind: "purchase", reference: "invoice 7", amount_usd: "250" },
      ],
    });
    expect(await cli("credits", "grant", "--usd", "-1", "--reference", "x")).toMatchObject({ code: 1 });
    expect(await cli("credits", "grant", "--usd", "1", "--reference", "signup")).toMatchObject({ code: 1 });
    const { rows } = await storage.run({ operation: "read", repeatable: true }, (db) =>
      db.execute(
        sql`select action, after ->> 'reference' as reference from audit_log where action like 'credit_grant.%' order by sequence`,
      ),
    );
    expect(rows).toEqual([
      { action: "credit_grant.create", reference: "welcome" },
      { action: "credit_grant.create", reference: "invoice 7" },
    ]);
  },
);
