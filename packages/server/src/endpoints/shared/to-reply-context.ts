import type { MessagesCreateRequest } from "@parley/wire";
import type { ReplyContext } from "../../replies/reply-context.ts";
import { wantsLegacySkills } from "./skill-reply.ts";
import type { EndpointDeps } from "../deps.ts";
import type { PreparedTurn } from "./prepare-turn.ts";

const THINKING_COUNT_BETA = "thinking-token-count-2026-05-13";

/** What the reply to a message says that its turn's events do not. */
export function toReplyContext(
  { turn, model, appliedEdits, inferenceGeo }: PreparedTurn,
  request: { readonly body: MessagesCreateRequest; readonly isBeta: boolean; readonly betas: readonly string[] },
  serviceTier: ReplyContext["serviceTier"],
  { searchSeals }: Pick<EndpointDeps, "searchSeals">,
): ReplyContext {
  const { body, isBeta, betas } = request;
  return {
    messageId: turn.messageId,
    model: model.id,
    maxTokens: turn.maxTokens,
    thinkingDisplay: turn.thinking.type === "disabled" ? "summarized" : turn.thinking.display,
    serviceTier,
    inferenceGeo: model.rules.inferenceGeo ? inferenceGeo : "not_available",
    diagnostics: body.diagnostics !== undefined && body.diagnostics !== null,
    container: turn.container?.current ?? null,
    skills: (turn.container?.skills ?? []).map(({ type, skillId, versionId, version }) => ({
      type,
      skill_id: skillId,
      version: wantsLegacySkills({ betas }) ? version : versionId,
    })),
    contextManagement: body.context_management ? { applied_edits: [...appliedEdits] } : null,
    beta: isBeta,
    sealPlace: (place) => searchSeals.sign(turn.workspaceId, place),
    thinkingTokenCount: betas.includes(THINKING_COUNT_BETA),
  };
}
