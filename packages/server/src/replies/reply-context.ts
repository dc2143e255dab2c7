import type { ContainerSkill, ContextManagementResponse } from "@parley/wire";
import type { ContainerReference, ThinkingDisplay } from "../turn/turn.ts";

/** What a reply says that the turn's events do not. */
export interface ReplyContext {
  readonly messageId: string;
  /** The pinned model id. */
  readonly model: string;
  /** `max_tokens` of the request. */
  readonly maxTokens: number;
  readonly thinkingDisplay: ThinkingDisplay;
  readonly serviceTier: "standard" | "priority" | "batch";
  readonly inferenceGeo: string;
  /** The request had `diagnostics`. */
  readonly diagnostics: boolean;
  /** The one that the request named. */
  readonly container: ContainerReference | null;
  /** Those that the request put there. */
  readonly skills: readonly ContainerSkill[];
  /** Null where the request asked for no context management. */
  readonly contextManagement: ContextManagementResponse | null;
  /** The client speaks the beta types, whose nullable fields are then present. */
  readonly beta: boolean;
  /** Makes `encrypted_index` of the place in a page: clients bring it back, only this server reads it. */
  readonly sealPlace: (place: string) => string;
  /** Beta `thinking-token-count-2026-05-13`: each thinking delta carries `estimated_tokens`. */
  readonly thinkingTokenCount: boolean;
}
