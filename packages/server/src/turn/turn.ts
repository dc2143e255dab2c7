/**
 * The neutral turn: what a client asked for, after validation, with both wire dialects folded into one. Doors make it,
 * engines consume it. Types only; no I/O.
 */

import type { CountTokensRequest, McpToolListingBlock, ServerToolName, ServerToolParam, ToolsetName } from "@parley/wire";

export type CacheTtl = "5m" | "1h";

interface Cacheable {
  /** Set where the client put `cache_control`. */
  readonly cacheTtl?: CacheTtl;
}

export interface TextBlock extends Cacheable {
  readonly type: "text";
  readonly text: string;
}

export interface ThinkingBlock {
  readonly type: "thinking";
  readonly thinking: string;
  readonly signature: string;
}

export interface RedactedThinkingBlock {
  readonly type: "redacted_thinking";
  readonly data: string;
}

export interface ToolUseBlock extends Cacheable {
  readonly type: "tool_use";
  readonly id: string;
  readonly name: string;
  readonly input: Readonly<Record<string, unknown>>;
}

/** A document or search result whose text the model reads. */
export interface DocumentBlock extends Cacheable {
  readonly type: "document";
  readonly title: string | null;
  readonly context: string | null;
  /** Where it comes from, for a search result. */
  readonly source: string | null;
  readonly text: string;
  /** Set where the reply is to cite it. */
  readonly citable?: Citable;
}

/** What citations of one document name. */
export interface Citable {
  /** What a place in it is: characters of the one text, a page, or a block of the client's own. */
  readonly unit: "characters" | "page" | "block" | "search-result-block" | "web-search-page";
  /** Among all documents of the request, all its search results, or all pages that searches of the server found. */
  readonly index: number;
  /** One text, the pages, or the blocks. */
  readonly texts: readonly string[];
  readonly fileId: string | null;
}

export interface Picture {
  readonly mediaType: string;
  readonly base64: string;
}

/** A picture: for a model that reads only text what stands in it, for one that sees the picture. */
export interface ImageBlock extends Cacheable {
  readonly type: "image";
  /** Empty: no text was found, or it was not looked for. */
  readonly ocrText: string;
  readonly picture?: Picture;
}

/** Defines a tool that the model may call from here on. */
export interface ToolDefinitionBlock extends Cacheable {
  readonly type: "tool_definition";
  readonly tool: ToolSpec;
}

/** A tool that the model may not call from here on. */
export interface ToolRemovalBlock extends Cacheable {
  readonly type: "tool_removal";
  readonly name: string;
}

export interface ToolResultBlock extends Cacheable {
  readonly type: "tool_result";
  readonly toolUseId: string;
  readonly isError: boolean;
  readonly content: readonly (TextBlock | DocumentBlock | ImageBlock | ToolDefinitionBlock)[];
}

export type UserBlock = TextBlock | DocumentBlock | ImageBlock | ToolResultBlock;
export type SystemBlock = TextBlock | ToolDefinitionBlock | ToolRemovalBlock;
export type AssistantBlock = TextBlock | ThinkingBlock | RedactedThinkingBlock | ToolUseBlock;

export type TurnMessage =
  | { readonly role: "user"; readonly content: readonly UserBlock[] }
  | { readonly role: "assistant"; readonly content: readonly AssistantBlock[] }
  | { readonly role: "system"; readonly content: readonly SystemBlock[] };

/** A tool that the client runs; or the server, where `Turn.serverTools` names it. */
export interface ToolSpec extends Cacheable {
  readonly name: string;
  readonly description: string | null;
  /** JSON Schema of type object. */
  readonly inputSchema: Readonly<Record<string, unknown>>;
  readonly strict: boolean;
  readonly inputExamples: readonly Readonly<Record<string, unknown>>[];
}

/** One of `tools` that the server runs itself, as the client defined it. One definition may stand for several. */
export interface ServerToolSpec {
  readonly name: ServerToolName;
  readonly definition: ServerToolParam;
}

/** What the client answered to a call that a program made. */
export interface ProgramCallResult {
  readonly id: string;
  readonly text: string;
  readonly isError: boolean;
}

/** A call of code whose program waits for the client's tools, with what they gave. */
export interface AnsweredProgram {
  /** As the client knows the call of code. */
  readonly callId: string;
  readonly name: ServerToolName;
  readonly input: Readonly<Record<string, unknown>>;
  readonly results: readonly ProgramCallResult[];
}

/** Where code of the turn runs. */
export interface TurnContainer {
  readonly organizationId: string;
  /** The one that the request names; null: a new one where code is run. */
  readonly current: ContainerReference | null;
  /** Files that the conversation puts there, under names of their own. */
  readonly uploads: readonly { readonly fileId: string; readonly name: string }[];
  /** Whose files programs can read. */
  readonly skills: readonly TurnSkill[];
}

/** One version of a skill. */
export interface TurnSkill {
  readonly type: "anthropic" | "custom";
  readonly skillId: string;
  readonly versionId: string;
  /** What clients of the beta name it by. */
  readonly version: string;
  readonly name: string;
  readonly description: string;
}

export interface ContainerReference {
  readonly id: string;
  readonly expiresAtMs: number;
}

/** A server of tools that the client named. */
export interface McpServerSpec {
  readonly name: string;
  readonly url: string;
  /** What it is told who asks; a function, so that nothing that writes a turn down writes this. */
  readonly authorization: () => string | null;
}

/** One of `tools` that such a server runs. */
export interface McpToolSpec {
  /** As the model calls it. */
  readonly name: string;
  /** As its server calls it. */
  readonly tool: string;
  readonly server: McpServerSpec;
}

/** One of `tools` that is a member of a toolset: the client runs it. */
export interface ToolsetMemberSpec {
  /** As the model calls it. */
  readonly name: string;
  readonly toolset: ToolsetName;
  /** As the client knows it. */
  readonly member: string;
}

export type ToolChoice =
  | { readonly type: "auto"; readonly parallel: boolean }
  | { readonly type: "any"; readonly parallel: boolean }
  | { readonly type: "tool"; readonly name: string; readonly parallel: boolean }
  | { readonly type: "none" };

export type Thinking =
  | { readonly type: "disabled" }
  | { readonly type: "enabled"; readonly budgetTokens: number; readonly display: ThinkingDisplay }
  | { readonly type: "adaptive"; readonly display: ThinkingDisplay };

export type ThinkingDisplay = "summarized" | "omitted";

export type Effort = "low" | "medium" | "high" | "xhigh" | "max";

export interface Sampling {
  /** 0 is greedy. Null: the model's default. */
  readonly temperature: number | null;
  readonly topP: number | null;
  readonly topK: number | null;
}

/** That the conversation is summarized. */
export interface Compaction {
  /** `over-trigger`: before the reply, where the prompt is long; `on-demand`: in its place, whatever its length. */
  readonly when: "over-trigger" | "on-demand";
  /** Prompt tokens from which on it is. Null: the default. */
  readonly triggerTokens: number | null;
  /** In place of the usual request for a summary. */
  readonly instructions: string | null;
  /** The reply ends with the summary. */
  readonly pauses: boolean;
}

/** A request of the Messages protocol as it came, for an engine that passes it on. */
export interface WireRequest {
  /** JSON, as the client wrote it unless something in it is kept only here (a file's id). */
  readonly bytes: Uint8Array;
  readonly body: CountTokensRequest;
  readonly isStream: boolean;
  /** The pinned id that a reply carries where the upstream knows the model by another name. */
  readonly modelId: string;
  /** Protocol headers of the client: versions, betas, session and agent. */
  readonly headers: Readonly<Record<string, string>>;
  /** The client asked with `?beta=true`. */
  readonly isBetaPath: boolean;
}

export interface Turn {
  readonly requestId: string;
  /** Salts the cache and the signatures: nothing is shared across workspaces. */
  readonly workspaceId: string;
  /** Name of the weights in the catalog, resolved from the client's model id. */
  readonly weights: string;
  readonly system: readonly TextBlock[];
  /** Consecutive messages of one role are already merged. A last assistant message is a prefill. */
  readonly messages: readonly TurnMessage[];
  /** The tools that the prompt begins with; `tool_definition` blocks bring further ones. See `offered-tools.ts`. */
  readonly tools: readonly ToolSpec[];
  /** Those of the tools, begun with or defined later, whose calls this server answers. */
  readonly serverTools?: readonly ServerToolSpec[];
  /** Those of the tools that an MCP server runs, for this server. */
  readonly mcpTools?: readonly McpToolSpec[];
  /** What MCP servers were asked for, to be told to a client that pins it. */
  readonly mcpToolListings?: readonly McpToolListingBlock[];
  /** Those of the tools that a toolset's entry stands for. */
  readonly toolsetMembers?: readonly ToolsetMemberSpec[];
  /** Declared with `defer_loading`: a tool search finds them, whether or not one has already. */
  readonly deferredTools?: readonly ToolSpec[];
  /** Tools of the client that programs of the turn may call, whether or not the model may. */
  readonly programTools?: readonly ToolSpec[];
  /** Programs to go on with, before the model does: the last message has an empty result for each. */
  readonly answeredPrograms?: readonly AnsweredProgram[];
  readonly compaction?: Compaction;
  readonly toolChoice: ToolChoice;
  /** Present where the request has a tool that runs code, or names a container. */
  readonly container?: TurnContainer;
  readonly thinking: Thinking;
  readonly effort: Effort | null;
  /** JSON Schema that the whole reply text must satisfy (`output_config.format`). */
  readonly outputSchema: Readonly<Record<string, unknown>> | null;
  readonly sampling: Sampling;
  readonly stopSequences: readonly string[];
  /** 0: fill the cache and stop. */
  readonly maxTokens: number;
  /**
   * A prompt that fits but leaves less room than `maxTokens`: refused with the sentence that clients parse (models
   * before Claude Sonnet 4.5), or decoded until the window is full (`model_context_window_exceeded`).
   */
  readonly contextOverflow: "refuse" | "stop";
  /** Top-level `cache_control`: a breakpoint on the last cacheable block. */
  readonly automaticCacheTtl: CacheTtl | null;
  /** Smallest prefix in tokens that is cached; shorter ones are silently not. */
  readonly minimumCacheTokens: number;
  /** From the client's session and agent headers; requests of one session prefer one slot. */
  readonly affinity: { readonly sessionId: string | null; readonly agentId: string | null };
  readonly priority: "priority" | "standard" | "batch";
  /** The turn may run only there; absent: anywhere. */
  readonly inferenceGeo?: "us";
  /** Zero data retention: nothing of the prompt or the reply is stored, not even as the cache's state. */
  readonly keepsNothing?: boolean;
  /** `diagnostics.previous_message_id`, where the client asks why its cache missed. */
  readonly previousMessageId: string | null;
  /** The id of the message this turn makes; the cache remembers it for later diagnostics. */
  readonly messageId: string;
  /** Of the span that asks, as a W3C `traceparent` header, where turns are traced: whoever is asked next is told. */
  readonly traceparent?: string;
  /** Set where the weights are a pool that passes requests on; of the rest then only what is counted and limited is filled. */
  readonly wire?: WireRequest;
}
