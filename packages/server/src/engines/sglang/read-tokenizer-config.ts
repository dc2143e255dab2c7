import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { z } from "zod";

/** A special token's spelling, alone or as the tokenizer keeps it. */
const Spelling = z
  .union([z.string(), z.object({ content: z.string() })])
  .nullish()
  .transform((told) => (typeof told === "object" ? (told?.content ?? null) : (told ?? null)));
const Template = z.union([z.string(), z.array(z.object({ name: z.string(), template: z.string() }))]);
const File = z.object({ chat_template: Template.nullish(), bos_token: Spelling, eos_token: Spelling });

/** What SGLang tells nobody of the model that it serves. */
export interface TokenizerConfig {
  readonly chatTemplate: string;
  readonly bosToken: string | null;
  readonly eosToken: string | null;
}

/** Reads a model's `tokenizer_config.json`, with the `chat_template.jinja` beside it where it holds no template. */
export async function readTokenizerConfig(file: string): Promise<TokenizerConfig> {
  const told = File.parse(JSON.parse(await readFile(file, "utf8")));
  const beside = join(dirname(file), "chat_template.jinja");
  const chatTemplate = toTemplate(told.chat_template) ?? (await readFile(beside, "utf8").catch(() => null));
  if (chatTemplate === null) throw new Error(`${file} holds no chat_template, and there is no ${beside}`);
  return { chatTemplate, bosToken: told.bos_token, eosToken: told.eos_token };
}

/** Of several templates the one for tools, as every conversation may have them. */
function toTemplate(told: z.infer<typeof Template> | null | undefined): string | null {
  if (told === null || told === undefined || typeof told === "string") return told ?? null;
  const named = (wanted: string) => told.find(({ name }) => name === wanted)?.template;
  return named("tool_use") ?? named("default") ?? null;
}
