import type { AppliedEdit, CountTokensRequest } from "@parley/wire";
import type { Principal } from "../../auth/principal.ts";
import { measureGrowth } from "../../documents/measure-growth.ts";
import { resolveFileBlocks } from "../../files/resolve-file-blocks.ts";
import type { ResolvedModel } from "../../models/model-registry.ts";
import { newId } from "../../platform/ids.ts";
import { applyContextEdits, toTurn } from "../../prompt/index.ts";
import type { Turn } from "../../turn/turn.ts";
import type { InferenceGeo } from "../../tenancy/create-inference-geos.ts";
import type { WorkspaceRequest } from "../define-endpoint.ts";
import type { EndpointDeps } from "../deps.ts";

export interface PreparedTurn {
  readonly turn: Turn;
  readonly model: ResolvedModel;
  readonly appliedEdits: readonly AppliedEdit[];
  /** Prompt tokens before context edits; null where no edit needed the count. */
  readonly originalInputTokens: number | null;
  /** Where it runs, as the request asked or the workspace has it. */
  readonly inferenceGeo: InferenceGeo;
  /** See `measureGrowth`. */
  readonly growthBytes: number;
}

/** Whose turn it is, and what of it is not in the body. */
export interface TurnOrigin {
  readonly principal: Principal;
  readonly requestId: string;
  readonly affinity: Turn["affinity"];
  readonly priority: Turn["priority"];
  /** Zero data retention. */
  readonly keepsNothing?: boolean;
  readonly signal: AbortSignal;
}

export type PrepareDeps = Pick<EndpointDeps, "engine" | "files" | "inferenceGeos" | "media" | "thinkingSigner" | "searchSeals">;

/** A validated body as the turn that will run: model resolved, context edited. Counting and creating share it (promise 4). */
export async function prepareTurn(
  body: CountTokensRequest,
  request: WorkspaceRequest,
  deps: PrepareDeps & Pick<EndpointDeps, "models" | "dataPolicy">,
): Promise<PreparedTurn> {
  const model = await deps.models.resolve(body.model);
  request.setModelClass(model.modelClass);
  return prepareTurnOf(body, model, deps, {
    principal: request.principal,
    requestId: request.requestId,
    affinity: {
      sessionId: header(request, "x-claude-code-session-id"),
      agentId: header(request, "x-claude-code-agent-id"),
    },
    priority: "standard",
    keepsNothing: await deps.dataPolicy.keepsNothing(request.principal.workspaceId),
    signal: request.signal,
  });
}

/** The same for a body that came with no request of its own. */
export async function prepareTurnOf(
  body: CountTokensRequest,
  model: ResolvedModel,
  deps: PrepareDeps,
  { principal, signal, keepsNothing = false, ...origin }: TurnOrigin,
): Promise<PreparedTurn> {
  const inferenceGeo = await deps.inferenceGeos.choose(principal.workspaceId, body.inference_geo);
  const fileIds = new Map<object, string>();
  const noteFile = (source: object, fileId: string): void => void fileIds.set(source, fileId);
  const whole = await resolveFileBlocks(body, principal, model.capabilities, deps.files, noteFile);
  const { capabilities, rules } = model;
  const { workspaceId } = principal;
  const read = await deps.media.read(whole, { workspaceId, capabilities, mediaMax: rules.mediaMax, keepsNothing, signal });
  const growthBytes = measureGrowth(whole, read, fileIds);
  const kept = toTurn(whole, {
    ...origin,
    messageId: newId("msg"),
    workspaceId: principal.workspaceId,
    model,
    media: { ...read, fileIds },
    thinkingSigner: deps.thinkingSigner,
    searchSeals: deps.searchSeals,
  });
  const turn = keepsNothing ? { ...kept, keepsNothing } : kept;
  const edits = body.context_management?.edits ?? [];
  if (edits.length === 0) return { turn, model, appliedEdits: [], originalInputTokens: null, inferenceGeo, growthBytes };
  const edited = await applyContextEdits(turn, edits, (each) => deps.engine.countTokens(each, signal));
  return { ...edited, model, inferenceGeo, growthBytes };
}

/** Ids of sessions and agents are UUIDs; what is longer is none, and would not fit into the index that counts sessions. */
const ID_MAX_CHARACTERS = 200;

function header(request: WorkspaceRequest, name: string): string | null {
  const value = request.headers[name];
  return typeof value === "string" && value.length <= ID_MAX_CHARACTERS ? value : null;
}
