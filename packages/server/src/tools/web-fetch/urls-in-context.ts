import type { WebFetchToolParam } from "@parley/wire";
import type { ToolResultBlock, Turn } from "../../turn/turn.ts";

type UrlSources = NonNullable<WebFetchToolParam["url_sources"]>;
type ToolFilter = UrlSources["client_tool_results"];

/** Up to what cannot stand in an address, or ends a sentence that holds one. */
const URL_IN_TEXT = /https?:\/\/[^\s<>"'`{}|\\^]+/giu;

/** The addresses that a page may be fetched from: those that the user, or a result of a tool, has brought up. */
export function urlsInContext(
  { messages, serverTools = [], mcpTools = [] }: Turn,
  sources: UrlSources | null | undefined,
): ReadonlySet<string> {
  const urls = new Set<string>();
  const ofServer = new Set<string>([...serverTools, ...mcpTools].map(({ name }) => name));
  const calls = new Map(
    messages.flatMap(({ content }) =>
      content.flatMap((block) => (block.type === "tool_use" ? [[block.id, block.name] as const] : [])),
    ),
  );
  for (const message of messages) {
    // What the model itself wrote does not count: it would make up addresses, and carry secrets out in them.
    if (message.role !== "user") continue;
    for (const block of message.content) {
      if (block.type === "tool_result") {
        const name = calls.get(block.toolUseId) ?? "";
        const filter = ofServer.has(name) ? sources?.server_tool_results : sources?.client_tool_results;
        if (counts(filter, name)) for (const text of textsOf(block)) addUrls(urls, text);
      } else if (sources?.user_input?.type !== "none") {
        if (block.type === "text") addUrls(urls, block.text);
        if (block.type === "document")
          for (const text of [block.text, block.source ?? "", block.context ?? ""]) addUrls(urls, text);
      }
    }
  }
  return urls;
}

/** One spelling for every way to write an address; null for what is none. */
export function toSameUrl(text: string): string | null {
  if (!URL.canParse(text)) return null;
  const url = new URL(text);
  url.hash = "";
  return url.href.replace(/\/$/, "");
}

function counts(filter: ToolFilter, name: string): boolean {
  switch (filter?.type) {
    case undefined:
    case "all":
      return true;
    case "none":
      return false;
    case "only":
      return filter.tools.some((tool) => tool.name === name);
    case "except":
      return filter.tools.every((tool) => tool.name !== name);
    default:
      throw new TypeError(`no such filter: ${JSON.stringify(filter satisfies never)}`);
  }
}

function textsOf({ content }: ToolResultBlock): string[] {
  return content.flatMap((block) => {
    if (block.type === "text") return [block.text];
    return block.type === "document" ? [block.source ?? "", block.text] : [];
  });
}

function addUrls(urls: Set<string>, text: string): void {
  for (const [found] of text.matchAll(URL_IN_TEXT)) {
    // "(see https://a.example/b)." holds an address without its last two characters; a Wikipedia page ends with a bracket.
    for (const end of [found, withoutEnd(found, ".,;:!?*_~]"), withoutEnd(found, ".,;:!?*_~])")]) {
      const url = toSameUrl(end);
      if (url !== null) urls.add(url);
    }
  }
}

/** Not a regular expression: anchored at the end, it takes time by the square of a run that is not there. */
function withoutEnd(text: string, characters: string): string {
  let end = text.length;
  while (end > 0 && characters.includes(text.charAt(end - 1))) end -= 1;
  return text.slice(0, end);
}
