// Tools of an MCP server, called by the server. Run it with: npx node examples/typescript/mcp.ts https://mcp.example.com/mcp "…?"
import Anthropic from "@anthropic-ai/sdk";

const client = new Anthropic(); // reads ANTHROPIC_BASE_URL and ANTHROPIC_API_KEY
const [url = "http://127.0.0.1:3001/mcp", question = "Use a tool to add 17 and 25."] = process.argv.slice(2);
const message = await client.beta.messages.create({
  model: process.env["ANTHROPIC_MODEL"] ?? "claude-sonnet-5-5",
  max_tokens: 1024,
  betas: ["mcp-client-2025-11-20"],
  mcp_servers: [{ type: "url", name: "tools", url, authorization_token: process.env["MCP_TOKEN"] ?? null }],
  tools: [{ type: "mcp_toolset", mcp_server_name: "tools" }],
  messages: [{ role: "user", content: question }],
});
for (const block of message.content) {
  if (block.type === "text") console.log(block.text);
  if (block.type === "mcp_tool_use") console.log(`${block.server_name} runs ${block.name}`, block.input);
  if (block.type !== "mcp_tool_result") continue;
  const texts = typeof block.content === "string" ? [block.content] : block.content.map(({ text }) => text);
  console.log(block.is_error ? "failed:" : "returned:", ...texts);
}
