import type { Citation as WireCitation } from "@parley/wire";
import type { Citation } from "../turn/citation.ts";
import type { ReplyContext } from "./reply-context.ts";

export function toCitation(citation: Citation, { sealPlace }: Pick<ReplyContext, "sealPlace">): WireCitation {
  const { citedText, start, end } = citation;
  if (citation.type === "web_search_result_location") {
    const { url, title, resultIndex } = citation;
    return {
      type: citation.type,
      cited_text: citedText,
      url,
      title,
      encrypted_index: sealPlace(JSON.stringify([resultIndex, start, end])),
    };
  }
  if (citation.type === "search_result_location") {
    const { searchResultIndex, source, title } = citation;
    return {
      type: citation.type,
      cited_text: citedText,
      search_result_index: searchResultIndex,
      source,
      title,
      start_block_index: start,
      end_block_index: end,
    };
  }
  const place = {
    cited_text: citedText,
    document_index: citation.documentIndex,
    document_title: citation.documentTitle,
    file_id: citation.fileId,
  };
  switch (citation.type) {
    case "char_location":
      return { type: citation.type, ...place, start_char_index: start, end_char_index: end };
    case "page_location":
      return { type: citation.type, ...place, start_page_number: start, end_page_number: end };
    case "content_block_location":
      return { type: citation.type, ...place, start_block_index: start, end_block_index: end };
    default:
      citation satisfies never;
      throw new Error("unknown citation");
  }
}
