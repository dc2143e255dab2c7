import type Anthropic from "@anthropic-ai/sdk";
import { expectTypeOf, test } from "vitest";
import type {
  ContentBlock,
  ContentBlockDelta,
  CountTokensRequest,
  Message,
  MessagesCreateRequest,
  ModelInfo,
  StopReason,
  StreamEvent,
  UsageIteration,
} from "../src/index.ts";

/** The official SDK's types are the oracle: checked by the compiler, never imported at run time. */
type SdkCreate = Anthropic.MessageCreateParams;
type SdkEvent = Anthropic.RawMessageStreamEvent;

/** What only the SDK's beta types have. */
type OfBeta = { readonly type: "compaction" } | { readonly type: "compaction_delta" } | "compaction";

/** Ours say `| undefined` on optional keys and the SDK's do not; JSON knows no difference. */
type Plain<Value> = Value extends OfBeta
  ? never
  : Value extends object
    ? { [Key in keyof Value]: Plain<Exclude<Value[Key], undefined>> }
    : Value;

/** MCP servers are the beta client's alone. */
type Block = Message["content"][number];
type Mcp = Extract<Block, { type: "mcp_tool_use" | "mcp_tool_result" | "mcp_tool_listing" }>;
type StartEvent = Extract<StreamEvent, { type: "content_block_start" }>;

test("a reply is what the SDK reads", () => {
  expectTypeOf<Plain<Omit<Message, "content"> & { content: Exclude<Block, Mcp>[] }>>().toExtend<Anthropic.Message>();
  expectTypeOf<Plain<Mcp>>().toExtend<Anthropic.Beta.BetaContentBlock>();
  expectTypeOf<Plain<ModelInfo>>().toExtend<Anthropic.ModelInfo>();
  expectTypeOf<
    Plain<Exclude<StreamEvent, { type: "ping" | "error" | "message_start" | "content_block_start" }>>
  >().toExtend<SdkEvent>();
  expectTypeOf<
    Plain<Omit<StartEvent, "content_block"> & { content_block: Exclude<StartEvent["content_block"], Mcp> }>
  >().toExtend<SdkEvent>();
});

test("a compacted reply is what the SDK's beta types read", () => {
  expectTypeOf<Extract<ContentBlock, { type: "compaction" }>>().toExtend<Anthropic.Beta.BetaCompactionBlock>();
  expectTypeOf<
    Extract<ContentBlockDelta, { type: "compaction_delta" }>
  >().toExtend<Anthropic.Beta.BetaCompactionContentBlockDelta>();
  expectTypeOf<StopReason>().toExtend<Anthropic.Beta.BetaStopReason>();
  expectTypeOf<UsageIteration>().toExtend<Anthropic.Beta.BetaIterationsUsage[number]>();
});

test("every key that the SDK sends is known", () => {
  // `workspace_id` travels as a header.
  expectTypeOf<Exclude<keyof SdkCreate, "workspace_id">>().toExtend<keyof MessagesCreateRequest>();
  expectTypeOf<Exclude<keyof Anthropic.MessageCountTokensParams, "workspace_id">>().toExtend<keyof CountTokensRequest>();
});

test("every block, tool and choice that the SDK sends is known by its tag", () => {
  type Tags<Value> = Value extends readonly (infer Item)[]
    ? Item extends { type?: infer Tag }
      ? NonNullable<Tag>
      : never
    : never;
  type Ours = MessagesCreateRequest["messages"][number]["content"];
  type Theirs = SdkCreate["messages"][number]["content"];
  expectTypeOf<Tags<Theirs>>().toExtend<Tags<NonNullable<Ours>>>();
  expectTypeOf<Tags<SdkCreate["tools"]>>().toExtend<Tags<MessagesCreateRequest["tools"]>>();
  expectTypeOf<NonNullable<SdkCreate["tool_choice"]>["type"]>().toExtend<
    NonNullable<MessagesCreateRequest["tool_choice"]>["type"]
  >();
  expectTypeOf<NonNullable<SdkCreate["thinking"]>["type"]>().toExtend<NonNullable<MessagesCreateRequest["thinking"]>["type"]>();
});
