export const LANGUAGES = ["typescript", "python", "curl"] as const;
export type Language = (typeof LANGUAGES)[number];

type Body = Readonly<Record<string, unknown>>;

/** A program that sends the same request. The key comes from the environment: no program should hold it. */
export function toCode(language: Language, body: Body, server: string): string {
  switch (language) {
    case "typescript":
      return toTypeScript(body, server);
    case "python":
      return toPython(body, server);
    case "curl":
      return toCurl(body, server);
    default:
      language satisfies never;
      return "";
  }
}

function toTypeScript(body: Body, server: string): string {
  return `import Anthropic from "@anthropic-ai/sdk";

const client = new Anthropic({ baseURL: ${JSON.stringify(server)}, apiKey: process.env.PARLEY_API_KEY });

const stream = client.messages.stream(${JSON.stringify(body, null, 2).replaceAll(/^(\s*)"([a-z_]\w*)":/gim, "$1$2:")});
stream.on("text", (text) => process.stdout.write(text));
await stream.finalMessage();`;
}

function toPython(body: Body, server: string): string {
  const lines = Object.entries(body).map(([name, value]) => `    ${name}=${toPythonLiteral(value, 1)},`);
  return `import os
import anthropic

client = anthropic.Anthropic(base_url=${JSON.stringify(server)}, api_key=os.environ["PARLEY_API_KEY"])

with client.messages.stream(
${lines.join("\n")}
) as stream:
    for text in stream.text_stream:
        print(text, end="", flush=True)`;
}

/** Python spells JSON's strings and numbers alike, but not its other words. */
function toPythonLiteral(value: unknown, depth: number): string {
  if (value === true) return "True";
  if (value === false) return "False";
  if (value === null || value === undefined) return "None";
  const [inner, outer] = ["    ".repeat(depth + 1), "    ".repeat(depth)];
  if (Array.isArray(value)) {
    if (value.length === 0) return "[]";
    return `[\n${value.map((each) => `${inner}${toPythonLiteral(each, depth + 1)},`).join("\n")}\n${outer}]`;
  }
  if (typeof value === "object") {
    const entries = Object.entries(value);
    if (entries.length === 0) return "{}";
    return `{\n${entries.map(([name, each]) => `${inner}${JSON.stringify(name)}: ${toPythonLiteral(each, depth + 1)},`).join("\n")}\n${outer}}`;
  }
  return JSON.stringify(value);
}

function toCurl(body: Body, server: string): string {
  const json = JSON.stringify({ ...body, stream: true }, null, 2).replaceAll("'", String.raw`'\''`);
  return `curl -N ${server}/v1/messages \\
  -H "x-api-key: $PARLEY_API_KEY" \\
  -H "anthropic-version: 2023-06-01" \\
  -H "content-type: application/json" \\
  -d '${json}'`;
}
