import type { ModelCapabilities } from "@parley/wire";
import type { ModelRules } from "../models/claude-models.ts";
import type { Turn } from "../turn/turn.ts";
import type { ThinkingSigner } from "./thinking-signature.ts";

/** What the named model accepts. */
export interface TurnModel {
  /** The pinned id, for messages. */
  readonly id: string;
  /** Name of the weights in the catalog. */
  readonly weights: string;
  readonly rules: Omit<ModelRules, "inferenceGeo">;
  /** What is served; everything else that a request can hold is refused by name. */
  readonly capabilities: ModelCapabilities;
}

/** What a turn holds that is not in the request's body. */
export interface TurnContext {
  readonly requestId: string;
  readonly messageId: string;
  readonly workspaceId: string;
  readonly model: TurnModel;
  readonly affinity: Turn["affinity"];
  readonly priority: Turn["priority"];
  readonly thinkingSigner: Pick<ThinkingSigner, "verify" | "reveal">;
}
