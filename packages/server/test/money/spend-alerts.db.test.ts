import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { SMTPServer } from "smtp-server";
import { Webhook } from "standardwebhooks";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { createEgress, createEgressPolicy } from "../../src/egress/index.ts";
import { toAlertSenders } from "../../src/money/alerts/alert-channels.ts";
import { createSpendAlerts } from "../../src/money/alerts/create-spend-alerts.ts";
import { newId } from "../../src/platform/ids.ts";
import { grantCredits } from "../../src/storage/spend.ts";
import { setSpendLimit } from "../../src/storage/spend-limits.ts";
import { silentLog } from "../../src/storage/testing/test-storage.ts";
import { sampleTurnRecord } from "../../src/storage/testing/sample-turn-record.ts";
import { recordTurns } from "../../src/storage/testing/record-turns.ts";
import { createOrganization } from "../../src/tenancy/create-organization.ts";
import { addUser } from "../../src/tenancy/manage-users.ts";
import { SYSTEM } from "../../src/tenancy/tenancy-deps.ts";
import { type Platform, startPlatform } from "../support/start-platform.ts";

const SECRET = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;
/** Of one sample turn. */
const TURN_NANO_USD = 511_800n;

interface Received {
  readonly id: string;
  readonly event: { type: string; data: Record<string, unknown> };
}

let platform: Platform;
let config: Parameters<typeof toAlertSenders>[0];
const received: Received[] = [];
const mails: string[] = [];
/** What the receiver answers next; then 204. */
let answers: number[] = [];

const receiver = createServer((request, response) => {
  void text(request).then((body) => {
    const headers = request.headers as Record<string, string>;
    // Throws for a signature that does not hold.
    const event = new Webhook(SECRET).verify(body, headers) as Received["event"];
    received.push({ id: headers["webhook-id"] ?? "", event });
    response.writeHead(answers.shift() ?? 204).end();
  });
});
const smtp = new SMTPServer({
  authOptional: true,
  disabledCommands: ["STARTTLS"],
  onData(stream, session, done) {
    let message = "";
    stream.on("data", (chunk: Buffer) => (message += chunk.toString()));
    stream.once("end", () => {
      mails.push(`${session.envelope.rcptTo.map(({ address }) => address).join()}\n${message}`);
      done();
    });
  },
});

beforeAll(async () => {
  platform = await startPlatform();
  await new Promise<void>((resolve) => receiver.listen(0, "127.0.0.1", resolve));
  await new Promise<void>((resolve) => smtp.listen(0, "127.0.0.1", resolve));
  config = {
    webhook_url: `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hook`,
    webhook_secret: SECRET,
    smtp_url: `smtp://127.0.0.1:${(smtp.server.address() as AddressInfo).port}`,
    mail_from: "Parley <parley@example.com>",
  };
});
afterAll(async () => {
  await new Promise<void>((resolve) => smtp.close(resolve));
  receiver.closeAllConnections();
  receiver.close();
  await platform?.[Symbol.asyncDispose]();
});
beforeEach(() => {
  received.length = 0;
  mails.length = 0;
  answers = [];
});

/** What the job of one node does, so much later. */
async function run(skippedMs = 0): Promise<void> {
  const clock = { nowMs: () => Date.now() + skippedMs, monotonicMs: () => performance.now() };
  const egress = createEgress(createEgressPolicy({ allow: ["127.0.0.1"], isPublicReached: false, resolve: async () => [] }));
  const { storage } = platform;
  const senders = toAlertSenders(config, { egress, storage });
  await createSpendAlerts({ storage, clock, log: silentLog, senders }).run();
}

async function newOrganization() {
  const { organizationId, workspaceId } = await createOrganization(platform.keys, "Spenders", SYSTEM);
  const act = { ...SYSTEM, organizationId };
  for (const role of ["admin", "billing", "user"] as const) {
    await addUser(platform.keys, act, { email: `${role}@example.com`, name: role, role });
  }
  return {
    organizationId,
    workspaceId,
    limit: (amountNanoUsd: bigint) =>
      setSpendLimit(platform.storage, {
        id: newId("spl"),
        organizationId,
        scopeType: "workspace",
        scopeId: workspaceId,
        period: "monthly",
        amountNanoUsd,
        nowMs: Date.now(),
      }),
    turn: () =>
      recordTurns(platform.storage, [
        {
          ...sampleTurnRecord(newId("req")),
          organization_id: organizationId,
          workspace_id: workspaceId,
          started_at: new Date().toISOString(),
          is_charged: true,
        },
      ]),
  };
}

test("each threshold is told once by webhook and by mail, however many nodes look at once", async () => {
  const { organizationId, workspaceId, limit, turn } = await newOrganization();
  await limit(TURN_NANO_USD * 2n);
  await run();
  expect([received.length, mails.length]).toEqual([0, 0]);
  await turn();
  await Promise.all([run(), run(), run()]);
  expect(received).toHaveLength(1);
  expect(received[0]!.event).toMatchObject({
    type: "spend_limit.threshold_reached",
    data: {
      organization_id: organizationId,
      scope: { type: "workspace", id: workspaceId },
      period: "monthly",
      threshold_percent: 50,
      amount: "0.10236",
      spent: "0.05118",
      currency: "USD",
    },
  });
  expect(mails).toHaveLength(1);
  expect(mails[0]).toMatch(/^admin@example\.com,billing@example\.com\n/);
  expect(mails[0]).toContain("Subject: Parley: 50 % of a monthly spend limit is reached");
  await turn();
  await Promise.all([run(), run()]);
  await run(5 * 60_000);
  expect(received.map(({ event }) => event.data["threshold_percent"])).toEqual(expect.arrayContaining([50, 80, 100]));
  expect(new Set(received.map(({ id }) => id)).size).toBe(3);
  expect(mails).toHaveLength(3);
});

test("what could not be told is tried again after a minute, and then two, under the same id", async () => {
  const { limit, turn } = await newOrganization();
  await limit((TURN_NANO_USD * 3n) / 2n);
  await turn();
  answers = [500, 302];
  await run();
  await run(30_000);
  expect(received).toHaveLength(1);
  await run(61_000);
  await run(2 * 60_000);
  expect(received).toHaveLength(2);
  await run(4 * 60_000);
  await run(10 * 60_000);
  expect(received.map(({ id }) => id)).toEqual(Array.from({ length: 3 }, () => received[0]!.id));
  // The mail went at once, and was not sent again with the webhook.
  expect(mails).toHaveLength(1);
});

test("credits that are used up are told once for each time that there are new ones", async () => {
  const { organizationId, turn } = await newOrganization();
  const grant = (reference: string, nanoUsd: bigint) => {
    const id = newId("crgr");
    return grantCredits(platform.storage, { id, organizationId, kind: "purchase", reference, nanoUsd, expiresAtMs: null });
  };
  await grant("one", TURN_NANO_USD);
  await run();
  expect(received).toEqual([]);
  await turn();
  await run();
  await run();
  expect(received.map(({ event }) => [event.type, event.data["period"]])).toEqual([["credits.exhausted", null]]);
  expect(mails[0]).toContain("Subject: Parley: the credits are used up");
  await grant("two", TURN_NANO_USD * 10n);
  await run();
  expect(received).toHaveLength(1);
  for (let index = 0; index < 10; index += 1) await turn();
  await run();
  expect(received).toHaveLength(2);
});
