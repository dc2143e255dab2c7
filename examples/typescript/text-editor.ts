// An editor on one folder, and on nothing outside it. Run it with: npx node examples/typescript/text-editor.ts ./folder "…"
import Anthropic from "@anthropic-ai/sdk";
import { mkdir, readdir, readFile, realpath, stat, writeFile } from "node:fs/promises";
import { dirname, join, resolve, sep } from "node:path";

type Command = Record<string, unknown>;

const [folder = ".", task = "Create the file hello.txt with the text: Hello."] = process.argv.slice(2);
const root = await realpath(folder);

/** The model's paths begin at the folder, whether or not it writes them with a slash; links may not lead out. */
async function inFolder(path: string): Promise<string> {
  const target = resolve(join(root, path));
  let real = target;
  while ((await realpath(real).catch(() => null)) === null) real = dirname(real);
  const inside = [target, await realpath(real)].every((each) => each === root || each.startsWith(root + sep));
  if (!inside) throw new Error(`${path} is outside the folder`);
  return target;
}

const text = (value: unknown): string => (typeof value === "string" ? value : "");

async function edit(input: Command): Promise<string> {
  const path = await inFolder(text(input["path"]));
  switch (input["command"]) {
    case "view": {
      if ((await stat(path)).isDirectory()) return (await readdir(path)).join("\n");
      const lines = (await readFile(path, "utf8")).split("\n");
      const [first = 1, last = -1] = (input["view_range"] as number[] | undefined) ?? [];
      const shown = lines.slice(first - 1, last === -1 ? undefined : last);
      return shown.map((line, index) => `${first + index}\t${line}`).join("\n");
    }
    case "create":
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, text(input["file_text"]));
      return "The file is written.";
    case "str_replace": {
      const parts = (await readFile(path, "utf8")).split(text(input["old_str"]));
      if (parts.length !== 2) throw new Error(`old_str occurs ${parts.length - 1} times; it must occur once`);
      await writeFile(path, parts.join(text(input["new_str"])));
      return "The file is changed.";
    }
    case "insert": {
      const lines = (await readFile(path, "utf8")).split("\n");
      lines.splice(Number(input["insert_line"]), 0, text(input["insert_text"]));
      await writeFile(path, lines.join("\n"));
      return "The text is inserted.";
    }
    default:
      throw new Error("no such command");
  }
}

const client = new Anthropic(); // reads ANTHROPIC_BASE_URL and ANTHROPIC_API_KEY
const messages: Anthropic.MessageParam[] = [{ role: "user", content: task }];
for (let step = 0; step < 8; step += 1) {
  const message = await client.messages.create({
    model: process.env["ANTHROPIC_MODEL"] ?? "claude-sonnet-5-5",
    max_tokens: 1024,
    tools: [{ type: "text_editor_20250728", name: "str_replace_based_edit_tool" }],
    messages,
  });
  messages.push({ role: "assistant", content: message.content });
  const results: Anthropic.ToolResultBlockParam[] = [];
  for (const block of message.content) {
    if (block.type === "text") console.log(block.text);
    if (block.type !== "tool_use") continue;
    const input = block.input as Command;
    console.log(text(input["command"]), text(input["path"]));
    const [content, isError] = await edit(input).then(
      (done) => [done, false] as const,
      (error: unknown) => [String(error), true] as const,
    );
    results.push({ type: "tool_result", tool_use_id: block.id, content, is_error: isError });
  }
  if (message.stop_reason !== "tool_use") break;
  messages.push({ role: "user", content: results });
}
