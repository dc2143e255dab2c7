// A table is uploaded, the model runs Python on it, and the files that come of it are fetched. Run it with:
// npx node examples/typescript/code-execution.ts sales.csv "Draw a bar chart of the sales by month."
import Anthropic, { toFile } from "@anthropic-ai/sdk";
import { readFile, writeFile } from "node:fs/promises";
import { basename } from "node:path";

const [path = "sales.csv", question = "Draw a bar chart of this table and save it as chart.png."] = process.argv.slice(2);
const client = new Anthropic(); // reads ANTHROPIC_BASE_URL and ANTHROPIC_API_KEY
const table = await client.beta.files.upload({ file: await toFile(await readFile(path), basename(path), { type: "text/csv" }) });
const message = await client.beta.messages.create({
  model: process.env["ANTHROPIC_MODEL"] ?? "claude-sonnet-5-5",
  max_tokens: 2048,
  betas: ["code-execution-2025-08-25", "files-api-2025-04-14"],
  tools: [{ type: "code_execution_20250522", name: "code_execution" }],
  messages: [
    {
      role: "user",
      content: [
        { type: "text", text: question },
        { type: "container_upload", file_id: table.id },
      ],
    },
  ],
});
for (const block of message.content) {
  if (block.type === "text") console.log(block.text);
  if (block.type === "server_tool_use") console.log(block.input["code"]);
  if (block.type !== "code_execution_tool_result") continue;
  if (block.content.type !== "code_execution_result") {
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
console.log(message.container);
