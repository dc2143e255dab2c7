export { createEgress, type Egress, type EgressReply, type EgressRequest } from "./create-egress.ts";
export { EgressError } from "./egress-error.ts";
export { createEgressPolicy } from "./egress-policy.ts";
export { readAll } from "./read-limited.ts";
export { resolveBySystem } from "./resolve-by-system.ts";
export { resolveInTurn } from "./resolve-in-turn.ts";
