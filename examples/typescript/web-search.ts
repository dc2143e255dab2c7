// A search that the server makes, and the links of its answer. Run it with: npx node examples/typescript/web-search.ts "…?"
import Anthropic from "@anthropic-ai/sdk";

const client = new Anthropic(); // reads ANTHROPIC_BASE_URL and ANTHROPIC_API_KEY
const message = await client.messages.create({
  model: process.env["ANTHROPIC_MODEL"] ?? "claude-sonnet-5-5",
  max_tokens: 1024,
  tools: [{ type: "web_search_20250305", name: "web_search", max_uses: 2 }],
  messages: [{ role: "user", content: process.argv[2] ?? "Search the web: which is the newest version of PostgreSQL?" }],
});
for (const block of message.content) {
  if (block.type === "text") {
    console.log(block.text);
    for (const citation of block.citations ?? []) {
      if (citation.type === "web_search_result_location") console.log(`  ${citation.title}: ${citation.url}`);
    }
  }
  if (block.type === "server_tool_use") console.log("searches", block.input);
  if (block.type !== "web_search_tool_result") continue;
  if ("error_code" in block.content) console.log(block.content.error_code);
  else for (const { title, url } of block.content) console.log(`found ${title}: ${url}`);
}
console.log(message.usage.server_tool_use);
