import { z } from "zod";

const citedText = { cited_text: z.string() };
const documentPlace = {
  ...citedText,
  document_index: z.int().min(0),
  document_title: z.string().nullable(),
};
const charRange = { start_char_index: z.int().min(0), end_char_index: z.int() };
const pageRange = { start_page_number: z.int().min(1), end_page_number: z.int() };
const blockRange = { start_block_index: z.int().min(0), end_block_index: z.int() };
const fileId = { file_id: z.string().nullable() };
// Clients send back what they got, so a request's citation may carry the reply's `file_id`.
const optionalFileId = { file_id: z.string().nullish() };

const searchResultLocation = z.strictObject({
  type: z.literal("search_result_location"),
  ...citedText,
  search_result_index: z.int().min(0),
  source: z.string(),
  title: z.string().nullable(),
  ...blockRange,
});
const webSearchResultLocation = z.strictObject({
  type: z.literal("web_search_result_location"),
  ...citedText,
  encrypted_index: z.string(),
  title: z.string().nullable(),
  url: z.string(),
});

/** A citation as the platform writes it. */
export const Citation = z
  .discriminatedUnion("type", [
    z.strictObject({ type: z.literal("char_location"), ...documentPlace, ...charRange, ...fileId }),
    z.strictObject({ type: z.literal("page_location"), ...documentPlace, ...pageRange, ...fileId }),
    z.strictObject({ type: z.literal("content_block_location"), ...documentPlace, ...blockRange, ...fileId }),
    searchResultLocation,
    webSearchResultLocation,
  ])
  .meta({ id: "Citation" });

/** A citation as clients send it back. */
export const CitationParam = z
  .discriminatedUnion("type", [
    z.strictObject({ type: z.literal("char_location"), ...documentPlace, ...charRange, ...optionalFileId }),
    z.strictObject({ type: z.literal("page_location"), ...documentPlace, ...pageRange, ...optionalFileId }),
    z.strictObject({ type: z.literal("content_block_location"), ...documentPlace, ...blockRange, ...optionalFileId }),
    searchResultLocation,
    webSearchResultLocation,
  ])
  .meta({ id: "CitationParam" });

export const CitationsConfig = z.strictObject({ enabled: z.boolean().optional() }).meta({ id: "CitationsConfig" });

export type Citation = z.infer<typeof Citation>;
export type CitationParam = z.infer<typeof CitationParam>;
