// A question over a PDF, answered with the page. Run it with: npx node examples/typescript/pdf-citations.ts FILE.pdf "How high is it?"
import Anthropic from "@anthropic-ai/sdk";
import { readFile } from "node:fs/promises";

const [file, question] = process.argv.slice(2);
if (!file || !question) throw new Error("Name a PDF and a question.");

const client = new Anthropic(); // reads ANTHROPIC_BASE_URL and ANTHROPIC_API_KEY
const { content } = await client.messages.create({
  model: process.env["ANTHROPIC_MODEL"] ?? "claude-sonnet-5-5",
  max_tokens: 256,
  messages: [
    {
      role: "user",
      content: [
        {
          type: "document",
          title: file,
          source: { type: "base64", media_type: "application/pdf", data: await readFile(file, "base64") },
          citations: { enabled: true },
        },
        { type: "text", text: question },
      ],
    },
  ],
});
for (const block of content) {
  if (block.type !== "text") continue;
  console.log(block.text.trim());
  for (const citation of block.citations ?? []) {
    if (citation.type === "page_location") console.log(`  page ${citation.start_page_number}: "${citation.cited_text}"`);
  }
}
