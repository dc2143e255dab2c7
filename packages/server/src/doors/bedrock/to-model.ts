/** A model as Bedrock's URLs name it, and the geography of its inference profile (`us`, `eu`, `global`, …; null: none). */
export interface BedrockModel {
  readonly id: string;
  readonly geography: string | null;
}

/** `us.anthropic.claude-…-v1:0`, a bare model id, or the ARN of either; what is none of them stays as it is. */
export function toModel(bedrockId: string): BedrockModel {
  const name = bedrockId.startsWith("arn:") ? bedrockId.slice(bedrockId.lastIndexOf("/") + 1) : bedrockId;
  const [, geography = null, model] = /^(?:([a-z]{2,8}(?:-[a-z]+)?)\.)?anthropic\.(.+)$/.exec(name) ?? [];
  if (model === undefined) return { id: name, geography: null };
  // Revisions are Bedrock's own; a date tells a model's versions apart at Anthropic.
  return { id: model.replace(/(?<=^claude-.+)-v\d+(?::[\w:]+)?$/, "").replace(":", "."), geography };
}
