import { Brain, ChevronRight, Wrench } from "lucide-react";
import { Collapsible } from "@base-ui/react/collapsible";
import { memo } from "react";
import { formatWhole } from "../../format/format.ts";
import { Badge } from "../../ui/badge.tsx";
import { CopyButton } from "../../ui/copy-button.tsx";
import { Markdown } from "../../ui/markdown.tsx";
import { PlainText } from "../../ui/plain-text.tsx";
import { Citations } from "./citations.tsx";
import type { Reply, ReplyBlock } from "./reply.ts";
import { text } from "./text.ts";

/** A reply as it comes: thinking, text, calls, and what it cost in tokens. */
export function ReplyView({ reply, isRunning }: { readonly reply: Reply; readonly isRunning: boolean }) {
  const plain = reply.blocks.flatMap((block) => (block.type === "text" ? [block.text] : [])).join("\n\n");
  return (
    // In the flow of blocks: a grid would measure all of the reply again with every word.
    <div className="space-y-3" aria-busy={isRunning}>
      {reply.blocks.length === 0 && isRunning && (
        <p className="text-muted">
          {text.reading} <span className="caret" aria-hidden />
        </p>
      )}
      {reply.blocks.map((block, index) => (
        <BlockView key={index} block={block} isGrowing={isRunning && index === reply.blocks.length - 1} />
      ))}
      <div className="flex flex-wrap items-center gap-x-4 gap-y-1 text-[0.89rem] text-muted tabular-nums">
        {!isRunning && <StopNote reply={reply} />}
        <Figures reply={reply} isRunning={isRunning} />
        {!isRunning && plain !== "" && <CopyButton value={plain} label={text.copyReply} />}
      </div>
    </div>
  );
}

/** Of a growing reply only the block that grows is drawn again. */
const BlockView = memo(function BlockView({ block, isGrowing }: { readonly block: ReplyBlock; readonly isGrowing: boolean }) {
  switch (block.type) {
    case "text":
      return (
        <div>
          <Markdown source={block.text} isGrowing={isGrowing} />
          {isGrowing && <span className="caret" aria-hidden />}
          {block.citations.length > 0 && <Citations citations={block.citations} />}
        </div>
      );
    case "thinking":
      return <Thinking thinking={block.thinking} isGrowing={isGrowing} />;
    case "redacted_thinking":
      return <p className="text-muted italic">{text.redacted}</p>;
    case "tool_use":
    case "server_tool_use":
    case "mcp_tool_use":
      return (
        <Json title={text.toolCall(block.name)} label={text.toolInput(block.name)}>
          {isGrowing ? block.json : prettyJson(block.json)}
        </Json>
      );
    case "server_tool_result":
      return (
        <Json title={text.serverToolResult} label={text.serverToolResult}>
          {JSON.stringify(block.block.content, null, 2)}
        </Json>
      );
    default:
      block satisfies never;
      return null;
  }
});

function Thinking({ thinking, isGrowing }: { readonly thinking: string; readonly isGrowing: boolean }) {
  return (
    <Collapsible.Root defaultOpen className="rounded-lg border border-line bg-sunken">
      <Collapsible.Trigger className="group flex w-full items-center gap-2 rounded-lg px-3.5 py-2 text-start text-muted hover:text-ink">
        <Brain size={15} aria-hidden />
        <span className="flex-1 font-medium">{text.thinking}</span>
        <ChevronRight size={15} className="transition-transform group-data-panel-open:rotate-90" aria-hidden />
      </Collapsible.Trigger>
      <Collapsible.Panel className="px-3.5 pb-3">
        <div className="text-muted">
          <PlainText source={thinking} />
          {isGrowing && <span className="caret" aria-hidden />}
        </div>
      </Collapsible.Panel>
    </Collapsible.Root>
  );
}

function Json({ title, label, children }: { readonly title: string; readonly label: string; readonly children: string }) {
  return (
    <div className="rounded-lg border border-line bg-sunken">
      <div className="flex items-center gap-2 px-3.5 py-2 text-muted">
        <Wrench size={15} aria-hidden />
        <span className="font-medium">{title}</span>
      </div>
      <pre
        role="region"
        tabIndex={0}
        aria-label={label}
        className="overflow-x-auto border-t border-line px-3.5 py-2.5 font-mono text-[0.9rem] break-words whitespace-pre-wrap"
      >
        {children}
      </pre>
    </div>
  );
}

function StopNote({ reply }: { readonly reply: Reply }) {
  if (reply.stopReason === null) return <Badge tone="warn">{text.stopped}</Badge>;
  const note = text.stopReasons[reply.stopReason];
  return note === undefined ? null : <Badge tone="warn">{note}</Badge>;
}

function Figures({ reply, isRunning }: { readonly reply: Reply; readonly isRunning: boolean }) {
  const { inputTokens, cacheReadTokens, cacheWriteTokens, outputTokens, firstTokenAtMs, startedAtMs, endedAtMs } = reply;
  const { figures } = text;
  const decodeMs = firstTokenAtMs === null || endedAtMs === null ? 0 : endedAtMs - firstTokenAtMs;
  const promptTokens = inputTokens + cacheReadTokens + cacheWriteTokens;
  const cached = cacheReadTokens > 0 ? ` (${formatWhole(cacheReadTokens)} ${figures.cached})` : "";
  return (
    <>
      {promptTokens > 0 && (
        <span>
          {figures.input} {formatWhole(promptTokens)}
          {cached}
        </span>
      )}
      {isRunning
        ? reply.deltas > 0 && <span>{figures.outputSoFar(formatWhole(reply.deltas))}</span>
        : outputTokens > 0 && (
            <span>
              {figures.output} {formatWhole(outputTokens)}
            </span>
          )}
      {firstTokenAtMs !== null && (
        <span>
          {figures.firstToken} {figures.seconds(((firstTokenAtMs - startedAtMs) / 1000).toFixed(2))}
        </span>
      )}
      {!isRunning && outputTokens > 1 && decodeMs > 50 && (
        <span>{figures.tokensPerSecond(((outputTokens - 1) / (decodeMs / 1000)).toFixed(1))}</span>
      )}
    </>
  );
}

function prettyJson(json: string): string {
  try {
    return JSON.stringify(JSON.parse(json), null, 2);
  } catch {
    return json;
  }
}
