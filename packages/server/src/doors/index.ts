export type { DoorDeps } from "./anthropic/serve-endpoint.ts";
export { createServer, type ListeningServer, type ParleyServer, type ServerOptions } from "./create-server.ts";
