import type { ModelCapabilities } from "@parley/wire";
import type { ReadMedia } from "../documents/read-media.ts";
import type { ModelRules } from "../models/claude-models.ts";
import type { Turn, TurnContainer } from "../turn/turn.ts";
import type { McpListings } from "./mcp-toolsets.ts";
import type { ThinkingSigner } from "./thinking-signature.ts";

/** What the named model accepts. */
export interface TurnModel {
  /** The pinned id, for messages. */
  readonly id: string;
  /** Name of the weights in the catalog. */
  readonly weights: string;
  readonly rules: Omit<ModelRules, "inferenceGeo" | "mediaMax">;
  /** What is served; everything else that a request can hold is refused by name. */
  readonly capabilities: ModelCapabilities;
}

/** What was read of the request's documents, and from which files the contents came. */
export interface RequestMedia extends ReadMedia {
  readonly fileIds: ReadonlyMap<object, string>;
  /** The name in the container of each file that a block puts there, by the file's id. */
  readonly uploads: ReadonlyMap<string, string>;
}

/** What a turn holds that is not in the request's body. */
export interface TurnContext {
  readonly requestId: string;
  readonly messageId: string;
  readonly workspaceId: string;
  readonly model: TurnModel;
  readonly affinity: Turn["affinity"];
  readonly priority: Turn["priority"];
  readonly media: RequestMedia;
  /** Where code runs, if the request lets any run. */
  readonly container: TurnContainer;
  /** What the request's MCP servers list; absent where it has none. */
  readonly mcpListings?: McpListings;
  readonly thinkingSigner: Pick<ThinkingSigner, "verify" | "reveal">;
  /** Opens what search results carry sealed. */
  readonly searchSeals: Pick<ThinkingSigner, "reveal">;
}

/** With what only the request's tools tell. */
export interface MessagesContext extends TurnContext {
  /** How the model calls an MCP server's tool. */
  readonly mcpName: (server: string, tool: string) => string;
  /** How the model calls a member of a toolset. */
  readonly memberName: (toolset: string, member: string) => string;
}
