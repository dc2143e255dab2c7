export interface Client {
  readonly id: string;
  readonly name: string;
  readonly lines: (server: string, apiKey: string, model: string) => string;
}

/** What to copy for each client, with this server's own address. */
export const CLIENTS: readonly Client[] = [
  {
    id: "claude-code",
    name: "Claude Code",
    lines: (server, apiKey) => `export ANTHROPIC_BASE_URL=${server}
export ANTHROPIC_AUTH_TOKEN=${apiKey}
claude`,
  },
  {
    id: "typescript",
    name: "TypeScript",
    lines: (server, apiKey, model) => `import Anthropic from "@anthropic-ai/sdk";

const client = new Anthropic({
  baseURL: "${server}",
  apiKey: "${apiKey}",
});
const message = await client.messages.create({
  model: "${model}",
  max_tokens: 1024,
  messages: [{ role: "user", content: "Hello!" }],
});
console.log(message.content);`,
  },
  {
    id: "python",
    name: "Python",
    lines: (server, apiKey, model) => `import anthropic

client = anthropic.Anthropic(
    base_url="${server}",
    api_key="${apiKey}",
)
message = client.messages.create(
    model="${model}",
    max_tokens=1024,
    messages=[{"role": "user", "content": "Hello!"}],
)
print(message.content)`,
  },
  {
    id: "curl",
    name: "curl",
    lines: (server, apiKey, model) => `curl ${server}/v1/messages \\
  -H "x-api-key: ${apiKey}" \\
  -H "anthropic-version: 2023-06-01" \\
  -H "content-type: application/json" \\
  -d '{"model": "${model}", "max_tokens": 1024, "messages": [{"role": "user", "content": "Hello!"}]}'`,
  },
];
