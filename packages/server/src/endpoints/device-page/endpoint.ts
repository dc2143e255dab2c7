import { defineEndpoint } from "../define-endpoint.ts";

const FOUND = 302;
const CODE_MAX = 40;

/** The short address that a device shows: the page is the Console's. */
export const devicePage = defineEndpoint({
  name: "device-page",
  summary: "To the page where somebody agrees to sign a device in",
  method: "GET",
  path: "/device",
  permission: "public",
  reply: { schema: null },
  async handle({ query }) {
    const code = query.get("user_code")?.slice(0, CODE_MAX);
    const search = code ? `?${new URLSearchParams({ user_code: code }).toString()}` : "";
    return {
      kind: "raw",
      status: FOUND,
      headers: { location: `/console/device${search}`, "cache-control": "no-store" },
      contentType: "text/plain; charset=utf-8",
      body: "",
    };
  },
});
