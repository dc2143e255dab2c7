import { type CountTokensRequest, toolName } from "@parley/wire";
import { findMedia } from "../../documents/find-media.ts";
import { measureGrowth } from "../../documents/measure-growth.ts";
import { resolveFileBlocks } from "../../files/resolve-file-blocks.ts";
import type { ResolvedModel } from "../../models/model-registry.ts";
import { fail } from "../../platform/fail.ts";
import { newId } from "../../platform/ids.ts";
import type { ServerToolSpec, Turn, WireRequest } from "../../turn/turn.ts";
import type { PrepareDeps, PreparedTurn, TurnOrigin } from "./prepare-turn.ts";

/** What of a request goes on where its model's pool passes requests on. */
export interface WireOrigin {
  readonly bytes: Uint8Array;
  readonly isBetaPath: boolean;
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * A turn that is passed on: nothing of it is translated or checked against a model, which is the upstream's to do. Of files that
 * are kept here the contents go along in their place; nothing else changes the bytes.
 */
export async function prepareWireTurn(
  body: CountTokensRequest,
  model: ResolvedModel,
  deps: PrepareDeps,
  { principal, keepsNothing = false, wire, signal: _signal, ...origin }: TurnOrigin,
): Promise<PreparedTurn> {
  const inferenceGeo = await deps.inferenceGeos.choose(principal.workspaceId, body.inference_geo, model.pool);
  const fileIds = new Map<object, string>();
  // The upstream does not know the workspace's default.
  const placed = inferenceGeo === "us" && body.inference_geo !== "us" ? { ...body, inference_geo: inferenceGeo } : body;
  const whole = await resolveFileBlocks(placed, principal, model.capabilities, deps.files, (source, id) => {
    fileIds.set(source, id);
  });
  const { bytes, headers, isBetaPath } = wire();
  assertPassable(headers);
  const request: WireRequest = {
    bytes: whole === body ? bytes : Buffer.from(JSON.stringify(whole)),
    body: whole,
    isStream: body.stream === true,
    modelId: model.id,
    headers,
    isBetaPath,
  };
  const searches = (body.tools ?? []).filter((tool) => toolName(tool) === "web_search" && typeof tool.type === "string");
  const turn: Turn = {
    ...origin,
    messageId: newId("msg"),
    workspaceId: principal.workspaceId,
    weights: model.weights,
    system: [],
    messages: [],
    tools: [],
    // Searches are paid for by the piece, so that money is held for them.
    ...(searches.length === 0
      ? {}
      : {
          serverTools: searches.map((definition) => ({
            name: "web_search",
            definition: definition as ServerToolSpec["definition"],
          })),
        }),
    toolChoice: { type: "none" },
    thinking: { type: "disabled" },
    effort: null,
    outputSchema: null,
    sampling: { temperature: null, topP: null, topK: null },
    stopSequences: [],
    maxTokens: body.max_tokens ?? 0,
    contextOverflow: "stop",
    automaticCacheTtl: null,
    minimumCacheTokens: 0,
    previousMessageId: null,
    wire: request,
    ...(inferenceGeo === "us" ? { inferenceGeo } : {}),
    ...(keepsNothing ? { keepsNothing } : {}),
  };
  const growthBytes = measureGrowth(whole, { pages: new Map(), pictures: new Map() }, fileIds) + mediaBytes(whole);
  return { turn, model, appliedEdits: [], originalInputTokens: null, inferenceGeo, growthBytes };
}

/** Of a longer header some servers say what they also say when they are broken, and would be taken for it, by everybody's turns. */
const BETAS_MAX_CHARACTERS = 4_096;

function assertPassable({ "anthropic-beta": betas = "" }: WireOrigin["headers"]): void {
  if (betas.length <= BETAS_MAX_CHARACTERS) return;
  throw fail("invalid_request_error", { public: `anthropic-beta: header may have ${BETAS_MAX_CHARACTERS} characters at most` });
}

/** About 1,600 tokens, of three bytes each. */
const IMAGE_BYTES = 4_800;
const PDF_SHARE = 0.1;

/** What pictures and PDFs come to as the text that they are reserved like. */
function mediaBytes(body: CountTokensRequest): number {
  let bytes = 0;
  for (const { kind, block } of findMedia(body)) {
    if (kind === "image") bytes += IMAGE_BYTES;
    else if (block.source.type === "base64") bytes += Math.ceil(block.source.data.length * PDF_SHARE);
  }
  return bytes;
}
