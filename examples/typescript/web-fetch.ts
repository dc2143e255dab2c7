// A page that the server reads. Run it with: npx node examples/typescript/web-fetch.ts https://example.com/
import Anthropic from "@anthropic-ai/sdk";

const url = process.argv[2] ?? "https://example.com/";
const client = new Anthropic(); // reads ANTHROPIC_BASE_URL and ANTHROPIC_API_KEY
const message = await client.messages.create({
  model: process.env["ANTHROPIC_MODEL"] ?? "claude-sonnet-5-5",
  max_tokens: 1024,
  tools: [{ type: "web_fetch_20250910", name: "web_fetch", max_content_tokens: 2000 }],
  messages: [{ role: "user", content: `Fetch ${url} and say in one sentence what it is about.` }],
});
for (const block of message.content) {
  if (block.type === "text") console.log(block.text);
  if (block.type !== "web_fetch_tool_result") continue;
  const { content } = block;
  if (content.type === "web_fetch_result") console.log(`read ${content.url}: ${content.content.title ?? "untitled"}`);
  else console.log(content.error_code);
}
