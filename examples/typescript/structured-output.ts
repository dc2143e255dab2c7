// A reply that must satisfy a schema. Run it with: npx node examples/typescript/structured-output.ts
import Anthropic from "@anthropic-ai/sdk";
import { zodOutputFormat } from "@anthropic-ai/sdk/helpers/zod";
import { z } from "zod";

const Person = z.object({ name: z.string(), age: z.number().int(), city: z.string() });

const client = new Anthropic(); // reads ANTHROPIC_BASE_URL and ANTHROPIC_API_KEY
const message = await client.messages.parse({
  model: process.env["ANTHROPIC_MODEL"] ?? "claude-sonnet-5-5",
  max_tokens: 256,
  messages: [{ role: "user", content: "Jane Doe is 42 years old and lives in Rome." }],
  output_config: { format: zodOutputFormat(Person) },
});
console.log(message.parsed_output);
