import type { Citation } from "../../../turn/citation.ts";
import type { Citable, DocumentBlock, Turn } from "../../../turn/turn.ts";
import { splitSentences } from "./sentences.ts";

/** As on the platform. */
const WEB_SEARCH_CITED_MAX_CHARACTERS = 150;

/** What can be cited by itself: a sentence of a text or a page, or one of the client's own blocks. */
export interface Passage {
  readonly text: string;
  readonly citation: Citation;
  /** The whole text, page or block that it stands in. */
  readonly within: string;
}

/** Whether the words that a citation quotes really stand where it says; asked of each before it is sent. */
export function isInSource({ citation, within }: Passage): boolean {
  if (citation.type === "char_location" || citation.type === "web_search_result_location")
    return within.slice(citation.start, citation.end) === citation.citedText;
  return citation.citedText !== "" && within.includes(citation.citedText);
}

/** The passages of all documents that the turn wants cited, in their order; those inside tools' results are among them. */
export function listPassages(turn: Pick<Turn, "messages">): Passage[] {
  return turn.messages
    .flatMap(({ role, content }) => (role === "user" ? content : []))
    .flatMap((block) => (block.type === "tool_result" ? block.content : [block]))
    .flatMap((block) => (block.type === "document" && block.citable ? passagesOf(block, block.citable) : []));
}

function passagesOf({ title, source }: DocumentBlock, { unit, index, texts, fileId }: Citable): Passage[] {
  return texts.flatMap((text, at): Passage[] => {
    const place = { documentIndex: index, documentTitle: title, fileId };
    switch (unit) {
      case "characters":
        return splitSentences(text).map(({ start, end }) => {
          const citedText = text.slice(start, end);
          return { text: citedText, within: text, citation: { type: "char_location", citedText, ...place, start, end } };
        });
      case "page":
        return splitSentences(text).map(({ start, end }) => {
          const citedText = text.slice(start, end);
          // Pages count from 1.
          return {
            text: citedText,
            within: text,
            citation: { type: "page_location", citedText, ...place, start: at + 1, end: at + 2 },
          };
        });
      case "block":
        if (text.trim() === "") return [];
        return [
          { text, within: text, citation: { type: "content_block_location", citedText: text, ...place, start: at, end: at + 1 } },
        ];
      case "search-result-block":
        return [
          {
            text,
            within: text,
            citation: {
              type: "search_result_location",
              citedText: text,
              searchResultIndex: index,
              source: source ?? "",
              title,
              start: at,
              end: at + 1,
            },
          },
        ];
      case "web-search-page":
        return splitSentences(text).map(({ start, end }) => {
          const last = Math.min(end, start + WEB_SEARCH_CITED_MAX_CHARACTERS);
          return {
            text: text.slice(start, end),
            within: text,
            citation: {
              type: "web_search_result_location",
              citedText: text.slice(start, last),
              url: source ?? "",
              title,
              resultIndex: index,
              start,
              end: last,
            },
          };
        });
      default:
        unit satisfies never;
        return [];
    }
  });
}
