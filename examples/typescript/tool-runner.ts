// A tool that the SDK runs until the model has its answer. Run it with: npx node examples/typescript/tool-runner.ts
import Anthropic from "@anthropic-ai/sdk";
import { betaZodTool } from "@anthropic-ai/sdk/helpers/beta/zod";
import { z } from "zod";

const add = betaZodTool({
  name: "add",
  description: "Add two integers",
  inputSchema: z.object({ a: z.number().int(), b: z.number().int() }),
  run: ({ a, b }) => {
    console.log(`add(${a}, ${b})`);
    return String(a + b);
  },
});

const client = new Anthropic(); // reads ANTHROPIC_BASE_URL and ANTHROPIC_API_KEY
const message = await client.beta.messages.toolRunner({
  model: process.env["ANTHROPIC_MODEL"] ?? "claude-sonnet-5-5",
  max_tokens: 512,
  max_iterations: 4,
  tools: [add],
  messages: [{ role: "user", content: "Use the tool to add 2345 and 5432, then tell me the sum." }],
});
for (const block of message.content) if (block.type === "text") console.log(block.text);
