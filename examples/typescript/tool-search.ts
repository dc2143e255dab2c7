// Tools that stay out of the prompt until a search finds them. Run it with: npx node examples/typescript/tool-search.ts
import Anthropic from "@anthropic-ai/sdk";

const deferred = (name: string, description: string): Anthropic.Tool => ({
  name,
  description,
  input_schema: { type: "object", properties: { text: { type: "string" } } },
  defer_loading: true,
});

const client = new Anthropic(); // reads ANTHROPIC_BASE_URL and ANTHROPIC_API_KEY
const message = await client.messages.create({
  model: process.env["ANTHROPIC_MODEL"] ?? "claude-sonnet-5-5",
  max_tokens: 512,
  tools: [
    { type: "tool_search_tool_bm25_20251119", name: "tool_search_tool_bm25" },
    deferred("translate_text", "Translates a text into French."),
    deferred("send_mail", "Sends a letter by mail."),
    deferred("play_music", "Plays a song."),
  ],
  messages: [{ role: "user", content: "Find a tool that translates, then use it to translate 'good morning' into French." }],
});
for (const block of message.content) {
  if (block.type === "text") console.log(block.text);
  if (block.type === "server_tool_use") console.log("searches", block.input);
  if (block.type === "tool_search_tool_result" && "tool_references" in block.content) {
    console.log("found", block.content.tool_references.map(({ tool_name: name }) => name).join(", "));
  }
  if (block.type === "tool_use") console.log("calls", block.name, block.input);
}
