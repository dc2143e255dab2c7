import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";

const claude = join(import.meta.dirname, "../../../../node_modules/.bin/claude");

/** Of a content block, what is looked at. */
export interface Block {
  readonly type: string;
  readonly name?: string;
  readonly text?: string;
  readonly input?: { readonly file_path?: string };
  readonly content?: unknown;
}

/**
 * Runs the unmodified client, headless, in a folder that is also its home: the blocks of both sides. It ends when the client
 * does, and the client ends with this process. With `env` it is told otherwise where models are.
 */
export async function runClaudeCode(
  parley: { readonly url: string; readonly apiKey: string } | { readonly model: string; readonly env: NodeJS.ProcessEnv },
  folder: string,
  options: readonly string[],
): Promise<Block[]> {
  const { model, env } =
    "env" in parley
      ? parley
      : { model: "claude-opus-4-6", env: { ANTHROPIC_BASE_URL: parley.url, ANTHROPIC_API_KEY: parley.apiKey } };
  const child = spawn(claude, [...options, "--model", model, "--output-format", "stream-json", "--verbose"], {
    cwd: folder,
    stdio: ["ignore", "pipe", "inherit"],
    env: {
      PATH: process.env["PATH"],
      HOME: folder,
      CLAUDE_CONFIG_DIR: join(folder, ".claude"),
      ...env,
      API_TIMEOUT_MS: "900000",
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
      DISABLE_AUTOUPDATER: "1",
      // A busy machine may need more than five minutes for a turn.
      ENABLE_PROMPT_CACHING_1H: "1",
      DISABLE_TELEMETRY: "1",
    },
  });
  const end = (): void => void child.kill();
  process.once("exit", end);
  const blocks: Block[] = [];
  try {
    for await (const line of createInterface({ input: child.stdout })) {
      const { message } = JSON.parse(line) as { message?: { content?: string | Block[] } };
      if (Array.isArray(message?.content)) blocks.push(...message.content);
    }
  } finally {
    end();
    process.off("exit", end);
  }
  return blocks;
}
