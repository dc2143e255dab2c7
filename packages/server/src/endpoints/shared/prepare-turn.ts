import type { AppliedEdit, CountTokensRequest } from "@parley/wire";
import { resolveFileBlocks } from "../../files/resolve-file-blocks.ts";
import type { ResolvedModel } from "../../models/model-registry.ts";
import { newId } from "../../platform/ids.ts";
import { applyContextEdits, toTurn } from "../../prompt/index.ts";
import type { Turn } from "../../turn/turn.ts";
import type { WorkspaceRequest } from "../define-endpoint.ts";
import type { EndpointDeps } from "../deps.ts";

export interface PreparedTurn {
  readonly turn: Turn;
  readonly model: ResolvedModel;
  readonly appliedEdits: readonly AppliedEdit[];
  /** Prompt tokens before context edits; null where no edit needed the count. */
  readonly originalInputTokens: number | null;
}

/** A validated body as the turn that will run: model resolved, context edited. Counting and creating share it (promise 4). */
export async function prepareTurn(
  body: CountTokensRequest,
  request: WorkspaceRequest,
  deps: EndpointDeps,
): Promise<PreparedTurn> {
  const model = await deps.models.resolve(body.model);
  request.setModelClass(model.modelClass);
  const whole = await resolveFileBlocks(body, request.principal, model.capabilities, deps.files);
  const turn = toTurn(whole, {
    requestId: request.requestId,
    messageId: newId("msg"),
    workspaceId: request.principal.workspaceId,
    model,
    affinity: {
      sessionId: header(request, "x-claude-code-session-id"),
      agentId: header(request, "x-claude-code-agent-id"),
    },
    priority: "standard",
    thinkingSigner: deps.thinkingSigner,
  });
  const edits = body.context_management?.edits ?? [];
  if (edits.length === 0) return { turn, model, appliedEdits: [], originalInputTokens: null };
  const edited = await applyContextEdits(turn, edits, (each) => deps.engine.countTokens(each, request.signal));
  return { ...edited, model };
}

function header(request: WorkspaceRequest, name: string): string | null {
  const value = request.headers[name];
  return typeof value === "string" ? value : null;
}
