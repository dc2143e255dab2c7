// A memory that outlives the conversation, in a folder. Run it twice: npx node examples/typescript/memory.ts ./memories "…"
import Anthropic from "@anthropic-ai/sdk";
import { betaMemoryTool, BetaLocalFilesystemMemoryTool } from "@anthropic-ai/sdk/tools/memory/node";

const [folder = "./memories", question = "Remember that my favourite colour is green."] = process.argv.slice(2);
const client = new Anthropic(); // reads ANTHROPIC_BASE_URL and ANTHROPIC_API_KEY
const message = await client.beta.messages.toolRunner({
  model: process.env["ANTHROPIC_MODEL"] ?? "claude-sonnet-5-5",
  max_tokens: 1024,
  max_iterations: 8,
  betas: ["context-management-2025-06-27"],
  tools: [betaMemoryTool(await BetaLocalFilesystemMemoryTool.init(folder))],
  messages: [{ role: "user", content: question }],
});
for (const block of message.content) if (block.type === "text") console.log(block.text);
