// Python that the model writes and the server runs calls a tool that runs here: the model sees what the program prints, and none
// of the rows. Run it with: npx node examples/typescript/program-tools.ts "In which region did we sell most?"
import Anthropic from "@anthropic-ai/sdk";
import { betaTool } from "@anthropic-ai/sdk/helpers/beta/json-schema";

const sales: Readonly<Record<string, number[]>> = { West: [45, 12, 61], East: [38, 40, 22], North: [61, 5, 70] };
const query = betaTool({
  name: "query_sales",
  description: `The sales of one region (${Object.keys(sales).join(", ")}) by month: a JSON list of numbers.`,
  inputSchema: { type: "object", properties: { region: { type: "string", enum: Object.keys(sales) } }, required: ["region"] },
  run({ region }) {
    console.log(`query_sales(${region})`);
    return JSON.stringify(sales[region]);
  },
});

const client = new Anthropic(); // reads ANTHROPIC_BASE_URL and ANTHROPIC_API_KEY
const runner = client.beta.messages.toolRunner({
  model: process.env["ANTHROPIC_MODEL"] ?? "claude-sonnet-5-5",
  max_tokens: 2048,
  tools: [
    { type: "code_execution_20260120", name: "code_execution" },
    { ...query, allowed_callers: ["code_execution_20260120"] },
  ],
  // A small model would rather tell about a program than run one.
  tool_choice: { type: "tool", name: "code_execution" },
  messages: [{ role: "user", content: process.argv[2] ?? "Which region sold most in all? Await query_sales for each." }],
});
for await (const { content, usage } of runner) {
  for (const block of content) {
    if (block.type === "text") console.log(block.text);
    if (block.type === "server_tool_use") console.log(block.input["code"]);
    if (block.type === "code_execution_tool_result") console.log(block.content);
  }
  console.log(`${usage.input_tokens} tokens in, ${usage.output_tokens} out`);
}
