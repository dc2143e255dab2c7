import type { Principal } from "../../auth/principal.ts";
import { fail } from "../../platform/fail.ts";
import { namedWorkspace } from "../admit.ts";
import type { DoorDeps, Exchange } from "../exchange.ts";
import { authenticateSigned, type SignedCall } from "./authenticate-signed.ts";

const SERVICE = "aws-external-anthropic";

/** Claude Platform on AWS: the API's own paths and bodies, signed, and the workspace always named. */
export async function authenticateOnAws(
  exchange: Exchange,
  deps: Pick<DoorDeps, "authenticator" | "clock">,
  call: Omit<SignedCall, "service">,
): Promise<Principal> {
  const principal = await authenticateSigned(exchange, deps, { ...call, service: SERVICE });
  if (namedWorkspace(exchange.incoming) === null) {
    throw fail("invalid_request_error", { public: "anthropic-workspace-id: header is required" });
  }
  return principal;
}
