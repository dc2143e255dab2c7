import { ManagedSettingsReply } from "@parley/wire";
import { fail } from "../../platform/fail.ts";
import { defineEndpoint } from "../define-endpoint.ts";

const NOT_MODIFIED = 304;

/** What Claude Code asks its gateway for once an hour. 404 is its word for "none". */
export const managedSettings = defineEndpoint({
  name: "managed-settings",
  summary: "The managed settings of Claude Code on machines that are signed in",
  method: "GET",
  path: "/managed/settings",
  permission: "workspace",
  forClaudeCode: true,
  isUnversioned: true,
  reply: { schema: ManagedSettingsReply },
  async handle({ principal, origin, headers }, { clientFleet }) {
    const managed = await clientFleet.settingsFor(principal, origin);
    if (managed === null) throw fail("not_found_error", { public: "There are no managed settings." });
    const { checksum, settings } = managed;
    const etag = `"${checksum}"`;
    const known = headers["if-none-match"]?.split(",").map((each) => each.trim().replace(/^W\//, "")) ?? [];
    if (known.includes(etag) || known.includes(checksum)) {
      return { kind: "raw", status: NOT_MODIFIED, headers: { etag }, contentType: "application/json", body: "" };
    }
    return {
      kind: "json",
      headers: { etag, "cache-control": "private, no-cache" },
      body: { uuid: checksum, checksum, settings },
    };
  },
});
