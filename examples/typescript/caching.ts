// A long system prompt that is computed once. Run it with: npx node examples/typescript/caching.ts
import Anthropic from "@anthropic-ai/sdk";

const client = new Anthropic(); // reads ANTHROPIC_BASE_URL and ANTHROPIC_API_KEY
// Shorter prefixes than the model's minimum (1,024 tokens for this one) are silently not cached.
const rules = Array.from({ length: 120 }, (_, index) => `Rule ${index + 1}: shelf ${index + 1} holds item ${(index * 7) % 120}.`);

for (const question of ["What does shelf 3 hold?", "What does shelf 10 hold?"]) {
  const startMs = performance.now();
  const { content, usage } = await client.messages.create({
    model: process.env["ANTHROPIC_MODEL"] ?? "claude-sonnet-5-5",
    max_tokens: 64,
    system: [{ type: "text", text: rules.join("\n"), cache_control: { type: "ephemeral" } }],
    messages: [{ role: "user", content: question }],
  });
  const seconds = ((performance.now() - startMs) / 1000).toFixed(1);
  const [first] = content;
  console.log(question, first?.type === "text" ? first.text : first);
  console.log(
    `  ${seconds} s; written ${usage.cache_creation_input_tokens}, read ${usage.cache_read_input_tokens}, plain ${usage.input_tokens}`,
  );
}
