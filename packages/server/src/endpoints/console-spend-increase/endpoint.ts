import { ConsoleSpendIncreaseRequest, SpendIncreaseRequest } from "@parley/wire";
import { getIncreaseRequest, requestIncrease } from "../../money/manage-increase-requests.ts";
import { listIncreaseRequests } from "../../storage/spend-increase-requests.ts";
import { defineEndpoint } from "../define-endpoint.ts";
import { CONSOLE_BODY_MAX_BYTES } from "../shared/session-reply.ts";
import { toIncreaseRequest } from "../shared/spend-limit-objects.ts";
import { parseBody } from "../shared/to-body.ts";

const PENDING_LOOKED_AT = 20;

export const consoleSpendIncrease = defineEndpoint({
  name: "console-spend-increase",
  summary: "Ask the administrators for a higher spend limit of one's own",
  method: "POST",
  path: "/console/api/spend-increases",
  permission: "session",
  body: {
    schema: ConsoleSpendIncreaseRequest,
    maxBytes: CONSOLE_BODY_MAX_BYTES,
    parse: (json) => parseBody(ConsoleSpendIncreaseRequest, json),
  },
  reply: { schema: SpendIncreaseRequest },
  async handle({ session: { organizationId, userId }, body: { period }, requestId }, { tenancy }) {
    const { storage } = tenancy;
    const mine = { organizationId, userIds: [userId], statuses: ["pending" as const], limit: PENDING_LOOKED_AT, after: null };
    const pending = await listIncreaseRequests(storage, mine);
    // Asked already, and nobody has answered: asking again changes nothing.
    const asked = pending.find(({ request }) => request.period === period);
    if (asked) return { kind: "json", body: await toIncreaseRequest(storage, asked) };
    const act = { organizationId, actor: { type: "user" as const, id: userId }, requestId };
    const id = await requestIncrease(tenancy, act, { userId, period });
    return { kind: "json", body: await toIncreaseRequest(storage, await getIncreaseRequest(tenancy, organizationId, id)) };
  },
});
