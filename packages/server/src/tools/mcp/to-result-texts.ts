import { z } from "zod";

const Result = z.looseObject({
  content: z.array(z.unknown()).nullish(),
  structuredContent: z.unknown().optional(),
  isError: z.boolean().nullish(),
});

const Content = z.discriminatedUnion("type", [
  z.looseObject({ type: z.literal("text"), text: z.string() }),
  z.looseObject({ type: z.literal("image"), data: z.string(), mimeType: z.string() }),
  z.looseObject({ type: z.literal("audio"), data: z.string(), mimeType: z.string() }),
  z.looseObject({ type: z.literal("resource_link"), uri: z.string(), name: z.string(), description: z.string().nullish() }),
  z.looseObject({
    type: z.literal("resource"),
    resource: z.looseObject({ uri: z.string(), text: z.string().nullish(), mimeType: z.string().nullish() }),
  }),
]);

export interface ResultTexts {
  readonly texts: readonly string[];
  readonly isError: boolean;
}

/** A tool's result as texts, the only kind that an `mcp_tool_result` holds; what is no text is named. Null for what is no result. */
export function toResultTexts(result: unknown, maxCharacters: number): ResultTexts | null {
  const parsed = Result.safeParse(result);
  if (!parsed.success) return null;
  const { content, structuredContent, isError } = parsed.data;
  const texts = (content ?? []).map(toText).filter((text) => text !== "");
  // A server that sends structured content should send it as text too, and does not have to.
  if (texts.length === 0 && structuredContent !== undefined) texts.push(JSON.stringify(structuredContent));
  return { texts: cut(texts, maxCharacters), isError: isError === true };
}

function toText(content: unknown): string {
  const parsed = Content.safeParse(content);
  if (!parsed.success) return "[Content of a kind that is not known here.]";
  switch (parsed.data.type) {
    case "text":
      return parsed.data.text;
    case "image":
    case "audio":
      return `[${parsed.data.type} of type ${parsed.data.mimeType.slice(0, 100)}, which a result cannot hold.]`;
    case "resource_link":
      return [`[${parsed.data.name}](${parsed.data.uri})`, parsed.data.description ?? ""]
        .filter((part) => part !== "")
        .join("\n");
    case "resource": {
      const { uri, text, mimeType } = parsed.data.resource;
      return typeof text === "string" ? `${uri}\n${text}` : `[${uri}: ${mimeType ?? "data"}, which a result cannot hold.]`;
    }
    default:
      throw new TypeError(`no such content: ${JSON.stringify(parsed.data satisfies never)}`);
  }
}

/** All texts together, up to a length; what was cut is said. */
function cut(texts: readonly string[], maxCharacters: number): string[] {
  const whole = texts.reduce((sum, text) => sum + text.length, 0);
  if (whole <= maxCharacters) return [...texts];
  let left = maxCharacters;
  const kept = texts.flatMap((text) => {
    const part = text.slice(0, left);
    left -= part.length;
    return part === "" ? [] : [part];
  });
  return [...kept, `[Cut: ${maxCharacters} of the result's ${whole} characters are shown.]`];
}
