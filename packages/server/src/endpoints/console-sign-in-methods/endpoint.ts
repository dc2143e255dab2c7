import { ConsoleSignInMethods } from "@parley/wire";
import { defineEndpoint } from "../define-endpoint.ts";

export const consoleSignInMethods = defineEndpoint({
  name: "console-sign-in-methods",
  summary: "How people may sign in here",
  method: "GET",
  path: "/console/api/sign-in-methods",
  permission: "console",
  reply: { schema: ConsoleSignInMethods },
  async handle(_request, { accounts }) {
    const needsOwner = !(await accounts.people.hasOwner());
    return {
      kind: "json",
      body: { type: "sign_in_methods", password: true, openid: accounts.openId !== null, needs_owner: needsOwner },
    };
  },
});
