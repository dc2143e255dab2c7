// A skill that the model opens when it needs it: one that comes with Parley (xlsx, docx, pptx, pdf). It runs Python in the sandbox and
// leaves a file, which is fetched. Run it with: npx node examples/typescript/skills.ts xlsx "Make a table of …"
import Anthropic from "@anthropic-ai/sdk";
import { writeFile } from "node:fs/promises";

const [skill = "xlsx", task = "Make a spreadsheet sales.xlsx with three months and their sales: 10, 20 and 30."] =
  process.argv.slice(2);
const client = new Anthropic(); // reads ANTHROPIC_BASE_URL and ANTHROPIC_API_KEY
const message = await client.beta.messages.create({
  model: process.env["ANTHROPIC_MODEL"] ?? "claude-sonnet-5-5",
  max_tokens: 4096,
  betas: ["code-execution-2025-08-25", "skills-2025-10-02", "files-api-2025-04-14"],
  container: { skills: [{ type: "anthropic", skill_id: skill, version: "latest" }] },
  tools: [{ type: "code_execution_20250825", name: "code_execution" }],
  messages: [{ role: "user", content: task }],
});
for (const block of message.content) {
  if (block.type === "text") console.log(block.text);
  if (block.type === "server_tool_use") console.log(block.input);
  if (block.type !== "bash_code_execution_tool_result") continue;
  if (block.content.type !== "bash_code_execution_result") {
    console.log(block.content);
    continue;
  }
  console.log(block.content.stdout + block.content.stderr);
  for (const { file_id: id } of block.content.content) {
    const { filename } = await client.beta.files.retrieveMetadata(id);
    await writeFile(filename, Buffer.from(await (await client.beta.files.download(id)).arrayBuffer()));
    console.log(`saved ${filename}`);
  }
}
