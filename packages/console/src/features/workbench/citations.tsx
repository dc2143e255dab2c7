import type { Citation } from "@parley/wire";
import { Quote } from "lucide-react";
import { formatWhole } from "../../format/format.ts";
import { text } from "./text.ts";

/** What a piece of a reply stands on: the words that it cites, and where they are from. */
export function Citations({ citations }: { readonly citations: readonly Citation[] }) {
  return (
    <ul aria-label={text.citations} className="mt-1.5 grid gap-1">
      {citations.map((citation, index) => (
        <li
          key={index}
          className="flex gap-2 border-s-2 border-accent/50 ps-2.5 text-[0.93rem] text-muted"
          title={citation.cited_text}
        >
          <Quote size={13} className="mt-1 shrink-0" aria-hidden />
          <span className="min-w-0 wrap-anywhere">
            <span dir="auto" className="line-clamp-2">
              {citation.cited_text}
            </span>
            <span className="text-faint">{sourceOf(citation)}</span>
          </span>
        </li>
      ))}
    </ul>
  );
}

function sourceOf(citation: Citation): string {
  switch (citation.type) {
    case "char_location":
    case "content_block_location":
      return titleOf(citation);
    case "page_location":
      // The end is the first page behind it.
      return text.citedPages(titleOf(citation), formatPages(citation.start_page_number, citation.end_page_number - 1));
    case "search_result_location":
      return citation.title ?? citation.source;
    case "web_search_result_location":
      return citation.title ?? citation.url;
    default:
      citation satisfies never;
      return "";
  }
}

const titleOf = ({ document_title: title, document_index: index }: Extract<Citation, { document_index: number }>): string =>
  title ?? text.document(formatWhole(index + 1));

const formatPages = (first: number, last: number): string =>
  last > first ? `${formatWhole(first)}–${formatWhole(last)}` : formatWhole(first);
