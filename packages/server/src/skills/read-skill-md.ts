import { parse } from "yaml";
import { z } from "zod";
import { refuseSkill } from "./refuse-skill.ts";

/** Source: the platform's guide to skills. */
const NAME_MAX_CHARACTERS = 64;
const DESCRIPTION_MAX_CHARACTERS = 1_024;
const RESERVED = ["anthropic", "claude"];
/** Far above what the two fields may have, and cheap to read. */
const FRONT_MATTER_MAX_CHARACTERS = 64 * 1024;
const TAG = /<\/?[A-Za-z][^<>]*>/;

const FrontMatter = z.looseObject({ name: z.unknown().optional(), description: z.unknown().optional() });

export interface SkillMd {
  /** Null: the folder's name stands in. */
  readonly name: string | null;
  readonly description: string;
}

/** Name and description of a SKILL.md. Throws `invalid_request_error`. */
export function readSkillMd(content: Buffer): SkillMd {
  const fields = readFrontMatter(content);
  return {
    name: fields.name === undefined || fields.name === null ? null : checkName(fields.name),
    description: checkDescription(fields.description),
  };
}

/** A name that SKILL.md or its folder gives. */
export function checkName(name: unknown): string {
  const refuse = (why: string) => refuseSkill(`SKILL.md: name ${why}`);
  if (typeof name !== "string" || name === "") throw refuse("must be a text that is not empty");
  if (name.length > NAME_MAX_CHARACTERS) throw refuse(`must have at most ${NAME_MAX_CHARACTERS} characters`);
  if (!/^[a-z0-9]+(-[a-z0-9]+)*$/.test(name)) {
    throw refuse("may have lowercase letters, digits and single hyphens between them only");
  }
  const reserved = RESERVED.find((word) => name.includes(word));
  if (reserved !== undefined) throw refuse(`must not contain the reserved word '${reserved}'`);
  return name;
}

function checkDescription(description: unknown): string {
  const refuse = (why: string) => refuseSkill(`SKILL.md description ${why}`);
  if (description === undefined || description === null) throw refuse("is required in the YAML front matter");
  if (typeof description !== "string" || description.trim() === "") throw refuse("must be a text that is not empty");
  if (description.length > DESCRIPTION_MAX_CHARACTERS) {
    throw refuse(`must have at most ${DESCRIPTION_MAX_CHARACTERS} characters, not ${description.length}`);
  }
  if (TAG.test(description)) throw refuse("cannot contain XML tags");
  return description.trim();
}

function readFrontMatter(content: Buffer): z.infer<typeof FrontMatter> {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(content);
  } catch {
    throw refuseSkill("SKILL.md is not valid UTF-8");
  }
  const head = text.slice(0, FRONT_MATTER_MAX_CHARACTERS).replaceAll("\r\n", "\n");
  const match = /^---[ \t]*\n(.*?)\n---[ \t]*(?:\n|$)/s.exec(head);
  if (match === null) throw refuseSkill("SKILL.md must start with YAML front matter between lines of `---`");
  let fields: unknown;
  try {
    // Without aliases a few lines cannot stand for millions.
    fields = parse(match[1] ?? "", { maxAliasCount: 0, prettyErrors: false, logLevel: "error" });
  } catch {
    throw refuseSkill("SKILL.md: the front matter is not valid YAML");
  }
  const parsed = FrontMatter.safeParse(fields);
  if (!parsed.success) throw refuseSkill("SKILL.md: the front matter must be a YAML mapping");
  return parsed.data;
}
