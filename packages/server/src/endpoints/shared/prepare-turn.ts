import type { AppliedEdit, CountTokensRequest } from "@parley/wire";
import type { Principal } from "../../auth/principal.ts";
import { needsReading } from "../../documents/find-media.ts";
import { measureGrowth } from "../../documents/measure-growth.ts";
import { resolveFileBlocks } from "../../files/resolve-file-blocks.ts";
import { fail } from "../../platform/fail.ts";
import type { ResolvedModel } from "../../models/model-registry.ts";
import { toUniqueName } from "../../containers/to-unique-name.ts";
import { newId } from "../../platform/ids.ts";
import { applyContextEdits, assertServed, type McpListings, toListingBlocks, toTurn } from "../../prompt/index.ts";
import type { Turn } from "../../turn/turn.ts";
import { prepareContainer } from "./prepare-container.ts";
import { prepareSkills } from "./prepare-skills.ts";
import type { InferenceGeo } from "../../tenancy/create-inference-geos.ts";
import type { WorkspaceRequest } from "../define-endpoint.ts";
import type { EndpointDeps } from "../deps.ts";
import { assertNamesNoContainer, withoutStored } from "./without-stored.ts";
import { prepareWireTurn, type WireOrigin } from "./prepare-wire-turn.ts";

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
  readonly betas: readonly string[];
  /** Throws where the limits would refuse the request; what it returns is held while documents are read. */
  readonly admit?: () => Promise<AsyncDisposable>;
  readonly signal: AbortSignal;
  /** For a model whose pool passes requests on. */
  readonly wire: () => WireOrigin;
}

/** From it on replies hold what MCP servers listed; older clients do not know the block. */
const MCP_LISTING_BETA = "mcp-client-2026-09-15";

export type PrepareDeps = Pick<
  EndpointDeps,
  "engine" | "files" | "skills" | "containers" | "inferenceGeos" | "media" | "mcp" | "thinkingSigner" | "searchSeals"
>;

/** A validated body as the turn that will run: model resolved, context edited. Counting and creating share it (promise 4). */
export async function prepareTurn(
  body: CountTokensRequest,
  request: WorkspaceRequest,
  deps: PrepareDeps & Pick<EndpointDeps, "models" | "dataPolicy">,
  admit?: (modelClass: string) => Promise<AsyncDisposable>,
): Promise<PreparedTurn> {
  // Newest SDKs send the body's `user_profile_id` so.
  if (request.headers["anthropic-user-profile-id"] !== undefined) {
    throw fail("invalid_request_error", { public: "anthropic-user-profile-id: user profiles are not supported" });
  }
  const model = await deps.models.resolve(body.model);
  request.setModelClass(model.modelClass);
  if (request.principal.reach !== undefined && model.pool?.isPassedOn) assertNamesNoContainer(body);
  return prepareTurnOf(body, model, request.principal.reach === undefined ? deps : withoutStored(deps), {
    principal: request.principal,
    requestId: request.requestId,
    affinity: {
      sessionId: header(request, "x-claude-code-session-id"),
      agentId: header(request, "x-claude-code-agent-id"),
    },
    priority: "standard",
    keepsNothing: await deps.dataPolicy.keepsNothing(request.principal.workspaceId),
    betas: request.betas,
    ...(admit ? { admit: () => admit(model.modelClass) } : {}),
    signal: request.signal,
    wire: () => toWireOrigin(body, request),
  });
}

/** The same for a body that came with no request of its own. */
export async function prepareTurnOf(
  body: CountTokensRequest,
  model: ResolvedModel,
  deps: PrepareDeps,
  turnOrigin: TurnOrigin,
): Promise<PreparedTurn> {
  if (model.pool?.isPassedOn) return prepareWireTurn(body, model, deps, turnOrigin);
  const { principal, signal, keepsNothing = false, betas, admit, wire: _wire, ...origin } = turnOrigin;
  const inferenceGeo = await deps.inferenceGeos.choose(principal.workspaceId, body.inference_geo, model.pool);
  const fileIds = new Map<object, string>();
  const noteFile = (source: object, fileId: string): void => void fileIds.set(source, fileId);
  const uploads = new Map<string, string>();
  const noteUpload = ({ id, filename }: { readonly id: string; readonly filename: string }): void => {
    if (!uploads.has(id)) uploads.set(id, toUniqueName(filename, [...uploads.values()]));
  };
  const current = await prepareContainer(body, principal, keepsNothing, deps);
  const skills = await prepareSkills(body, principal, deps);
  const whole = await resolveFileBlocks(body, principal, model.capabilities, deps.files, noteFile, noteUpload);
  const { capabilities, rules, seesImages } = model;
  const { workspaceId } = principal;
  const isRead = needsReading(whole);
  // What would be refused anyway is not read first.
  if (isRead) assertServed(whole, model);
  const reading = { workspaceId, capabilities, mediaMax: rules.mediaMax, seesImages, keepsNothing, signal };
  const read = await holding(isRead ? admit : undefined, () => deps.media.read(whole, reading));
  const mcpListings = await deps.mcp.list(whole, signal);
  const growthBytes = measureGrowth(whole, read, fileIds) + listingBytes(mcpListings);
  const kept = toTurn(whole, {
    ...origin,
    messageId: newId("msg"),
    workspaceId: principal.workspaceId,
    model,
    media: { ...read, fileIds, uploads },
    container: {
      organizationId: principal.organizationId,
      current,
      uploads: [...uploads].map(([fileId, name]) => ({ fileId, name })),
      skills,
    },
    mcpListings,
    thinkingSigner: deps.thinkingSigner,
    searchSeals: deps.searchSeals,
  });
  const mcpToolListings = betas.includes(MCP_LISTING_BETA) ? toListingBlocks(whole, mcpListings) : [];
  const turn: Turn = {
    ...kept,
    ...(inferenceGeo === "us" ? { inferenceGeo } : {}),
    ...(keepsNothing ? { keepsNothing } : {}),
    ...(mcpToolListings.length === 0 ? {} : { mcpToolListings }),
  };
  const edits = body.context_management?.edits ?? [];
  if (edits.length === 0) return { turn, model, appliedEdits: [], originalInputTokens: null, inferenceGeo, growthBytes };
  const edited = await applyContextEdits(turn, edits, (each) => deps.engine.countTokens(each, signal));
  return { ...edited, model, inferenceGeo, growthBytes };
}

/** Headers that say how a request is to be read. */
const PROTOCOL_HEADERS = ["anthropic-version", "anthropic-beta"];
/** Those that say what belongs together. */
const ID_HEADERS = ["x-claude-code-session-id", "x-claude-code-agent-id", "traceparent"];

function toWireOrigin(body: CountTokensRequest, request: WorkspaceRequest): WireOrigin {
  const { path, bodyBytes, headers, query } = request;
  // What came in at another path is in another protocol, and is passed on as it was translated.
  const isNative = /\/v1\/messages(\/count_tokens)?\/?$/.test(path);
  const told = [
    ...PROTOCOL_HEADERS.map((name) => [name, headers[name]] as const),
    ...ID_HEADERS.map((name) => [name, header(request, name)] as const),
  ];
  const passed = told.filter((each): each is readonly [string, string] => typeof each[1] === "string");
  const bytes = isNative ? bodyBytes : Buffer.from(JSON.stringify(body));
  return { bytes, isBetaPath: query.get("beta") === "true", headers: Object.fromEntries(passed) };
}

async function holding<Result>(take: TurnOrigin["admit"], work: () => Promise<Result>): Promise<Result> {
  await using _held = await take?.();
  return await work();
}

function listingBytes(listings: McpListings): number {
  return [...listings.values()].reduce((sum, tools) => sum + (tools.length === 0 ? 0 : JSON.stringify(tools).length), 0);
}

/** Ids of sessions and agents are UUIDs; what is longer is none, and would not fit into the index that counts sessions. */
const ID_MAX_CHARACTERS = 200;

function header(request: WorkspaceRequest, name: string): string | null {
  const value = request.headers[name];
  return typeof value === "string" && value.length <= ID_MAX_CHARACTERS ? value : null;
}
