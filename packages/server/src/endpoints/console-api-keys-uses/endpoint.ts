import { ConsoleApiKeyUses } from "@parley/wire";
import { z } from "zod";
import { toAdminPrincipal } from "../../sign-in/to-admin-principal.ts";
import { listApiKeyUses } from "../../storage/api-keys.ts";
import { defineEndpoint } from "../define-endpoint.ts";
import { refuseQuery } from "../shared/page-query.ts";

const IDS_MAX = 100;

/** The platform's object of a key does not say it. */
export const consoleApiKeysUses = defineEndpoint({
  name: "console-api-keys-uses",
  summary: "Tell when API keys were used last",
  method: "GET",
  path: "/console/api/api-key-uses",
  permission: "session",
  query: z.object({ "api_key_ids[]": z.array(z.string()).max(IDS_MAX) }),
  reply: { schema: ConsoleApiKeyUses },
  async handle({ session, query }, { tenancy: { storage } }) {
    const { organizationId } = toAdminPrincipal(session);
    const ids = query.getAll("api_key_ids[]");
    if (ids.length > IDS_MAX) {
      throw refuseQuery("api_key_ids", `List should have at most ${IDS_MAX} items after validation, not ${ids.length}`);
    }
    const uses = await listApiKeyUses(storage, organizationId, ids);
    return {
      kind: "json",
      body: {
        type: "api_key_uses",
        data: uses.map(({ id, lastUsedAt }) => ({ api_key_id: id, last_used_at: lastUsedAt.toISOString() })),
      },
    };
  },
});
