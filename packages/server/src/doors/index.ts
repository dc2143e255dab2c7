export { toNetworks } from "./anthropic/network-address.ts";
export { createServer } from "./create-server.ts";
