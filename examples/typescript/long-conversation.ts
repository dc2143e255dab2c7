// A tool loop that outgrows its window: old results are cleared, then the whole is summarized. Run it with:
// npx node examples/typescript/long-conversation.ts
import Anthropic from "@anthropic-ai/sdk";
import { betaZodTool } from "@anthropic-ai/sdk/helpers/beta/zod";
import { z } from "zod";

const readLog = betaZodTool({
  name: "read_log",
  description: "Reads one day's log of the weather station. Days are 1 to 5.",
  inputSchema: z.object({ day: z.number().int().min(1).max(5) }),
  run: ({ day }) =>
    Array.from({ length: 60 }, (_, hour) => `day ${day}, reading ${hour}: ${10 + ((day * 7 + hour) % 9)} degrees`).join("\n"),
});

const client = new Anthropic(); // reads ANTHROPIC_BASE_URL and ANTHROPIC_API_KEY
const runner = client.beta.messages.toolRunner({
  model: process.env["ANTHROPIC_MODEL"] ?? "claude-sonnet-5-5",
  max_tokens: 512,
  max_iterations: 8,
  betas: ["context-management-2025-06-27", "compact-2026-01-12"],
  context_management: {
    edits: [
      {
        type: "clear_tool_uses_20250919",
        trigger: { type: "input_tokens", value: 2_000 },
        keep: { type: "tool_uses", value: 1 },
      },
      { type: "compact_20260112", trigger: { type: "input_tokens", value: 4_000 } },
    ],
  },
  tools: [readLog],
  // Results that came together would be cleared together, before the model has read them.
  tool_choice: { type: "auto", disable_parallel_tool_use: true },
  messages: [{ role: "user", content: "Read the logs of days 1, 2 and 3, one after the other, then say what they hold." }],
});
for await (const message of runner) {
  for (const block of message.content) {
    if (block.type === "text") console.log(block.text);
    if (block.type === "tool_use") console.log(block.name, JSON.stringify(block.input));
    if (block.type === "compaction") console.log("summary:", block.content);
  }
  const { usage, context_management: management } = message;
  const tokens = usage.input_tokens + (usage.cache_read_input_tokens ?? 0) + (usage.cache_creation_input_tokens ?? 0);
  console.log(`  ${tokens} tokens read;`, JSON.stringify(management?.applied_edits ?? []));
}
