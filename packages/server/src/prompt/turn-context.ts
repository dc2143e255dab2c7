import type { ModelCapabilities } from "@parley/wire";
import type { Turn } from "../turn/turn.ts";
import type { ThinkingSigner } from "./thinking-signature.ts";

/** What the named model accepts. */
export interface TurnModel {
  /** The pinned id, for messages. */
  readonly id: string;
  /** Name of the weights in the catalog. */
  readonly weights: string;
  readonly rules: {
    readonly maxTokens: number;
    readonly minimumCacheTokens: number;
    readonly prefill: boolean;
    readonly thinking: {
      readonly enabled: boolean;
      readonly adaptive: boolean;
      readonly disabled: boolean;
      readonly between_tools: boolean;
    };
    /** "free": any. "one": temperature or top_p, not both. "fixed": only the defaults. */
    readonly sampling: "free" | "one" | "fixed";
    readonly contextOverflow: Turn["contextOverflow"];
  };
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
