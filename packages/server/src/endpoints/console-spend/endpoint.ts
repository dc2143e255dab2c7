import { ConsoleSpend } from "@parley/wire";
import { listIncreaseRequests } from "../../storage/spend-increase-requests.ts";
import { listUserSpend } from "../../storage/spend-limits.ts";
import { defineEndpoint } from "../define-endpoint.ts";
import { toIncreaseRequest, toSpendSummary } from "../shared/spend-limit-objects.ts";

const REQUESTS_SHOWN = 20;

export const consoleSpend = defineEndpoint({
  name: "console-spend",
  summary: "Tell what the signed-in person may spend, has spent, and has asked for",
  method: "GET",
  path: "/console/api/spend",
  permission: "session",
  reply: { schema: ConsoleSpend },
  async handle({ session: { organizationId, userId } }, { tenancy: { storage } }) {
    const mine = { organizationId, userIds: [userId] };
    const [limits, requests] = await Promise.all([
      listUserSpend(storage, { ...mine, periods: null, afterUserId: null, users: 1 }),
      listIncreaseRequests(storage, { ...mine, statuses: null, limit: REQUESTS_SHOWN, after: null }),
    ]);
    return {
      kind: "json",
      body: {
        type: "console_spend",
        limits: limits.map(toSpendSummary),
        increase_requests: await Promise.all(requests.map((each) => toIncreaseRequest(storage, each))),
      },
    };
  },
});
