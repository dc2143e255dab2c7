import type { DocumentBlock } from "./turn.ts";

/** A document as a model reads it that has no place of its own for documents. */
export function documentText(block: DocumentBlock): string {
  const head = [
    ...(block.title === null ? [] : [`Title: ${block.title}`]),
    ...(block.source === null ? [] : [`Source: ${block.source}`]),
    ...(block.context === null ? [] : [`Context: ${block.context}`]),
  ];
  return `<document>\n${head.length > 0 ? `${head.join("\n")}\n\n` : ""}${block.text}\n</document>`;
}
