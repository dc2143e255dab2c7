// A streamed answer. Run it with: npx node examples/typescript/chat.ts "Why is the sky blue?"
import Anthropic from "@anthropic-ai/sdk";

const client = new Anthropic(); // reads ANTHROPIC_BASE_URL and ANTHROPIC_API_KEY
const stream = client.messages.stream({
  model: process.env["ANTHROPIC_MODEL"] ?? "claude-sonnet-5-5",
  max_tokens: 512,
  system: "Answer in two sentences.",
  messages: [{ role: "user", content: process.argv[2] ?? "Why is the sky blue?" }],
});
stream.on("text", (delta) => process.stdout.write(delta));
const { usage, stop_reason } = await stream.finalMessage();
console.log(`\n${usage.input_tokens} tokens in, ${usage.output_tokens} out, ${stop_reason}`);
