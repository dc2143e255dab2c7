import type { ContainerUploadBlockParam, DocumentBlockParam, ImageBlockParam, SearchResultBlockParam } from "@parley/wire";
import { imageText } from "../turn/image-text.ts";
import type { Citable, DocumentBlock, ImageBlock, TextBlock } from "../turn/turn.ts";
import { cacheTtl } from "./cache-ttl.ts";
import type { RequestMedia } from "./turn-context.ts";
import { untranslatable } from "./untranslatable.ts";

/** Translates documents, search results and pictures, and counts them in the order in which a request has them. */
export interface DocumentReader {
  document(block: DocumentBlockParam): DocumentBlock;
  searchResult(block: SearchResultBlockParam): DocumentBlock;
  image(block: ImageBlockParam): ImageBlock;
  /** What the model is told of a file that is put into the container. */
  upload(block: ContainerUploadBlockParam): TextBlock;
  /** The place of a page that the server fetched, among the documents. */
  readonly nextDocument: () => number;
  /** The place of a page that a search of the server found, among those. */
  readonly nextFoundPage: () => number;
}

export function createDocumentReader(media: RequestMedia): DocumentReader {
  let documents = 0;
  let searchResults = 0;
  let foundPages = 0;

  function pictureText(block: ImageBlockParam): string {
    const text = media.pictures.get(block.source);
    if (text === undefined) throw untranslatable(`image.source.${block.source.type}`);
    return text;
  }

  function readSource({ source }: DocumentBlockParam): Pick<Citable, "unit" | "texts"> & { readonly text: string } {
    switch (source.type) {
      case "text":
        return { unit: "characters", texts: [source.data], text: source.data };
      case "content": {
        if (typeof source.content === "string") {
          return { unit: "block", texts: [source.content], text: source.content };
        }
        // A picture keeps its place among the blocks, but there are no words of the client's in it to cite.
        const texts = source.content.map((each) => (each.type === "text" ? each.text : ""));
        const shown = source.content.map((each) => (each.type === "text" ? each.text : imageText(pictureText(each))));
        return { unit: "block", texts, text: shown.join("\n") };
      }
      default: {
        const pages = media.pages.get(source);
        if (pages === undefined) throw untranslatable(`document.source.${source.type}`);
        const text = pages.map((page, index) => `[Page ${index + 1}]\n${page === "" ? "(no text)" : page}`).join("\n\n");
        return { unit: "page", texts: pages, text };
      }
    }
  }

  return {
    document(block) {
      const index = documents++;
      const { text, ...places } = readSource(block);
      const fileId = media.fileIds.get(block.source) ?? null;
      return {
        type: "document",
        title: block.title ?? null,
        context: block.context ?? null,
        source: null,
        text,
        ...(block.citations?.enabled ? { citable: { ...places, index, fileId } } : {}),
        ...cacheTtl(block.cache_control),
      };
    },

    searchResult(block) {
      const index = searchResults++;
      const texts = block.content.map((each) => each.text);
      return {
        type: "document",
        title: block.title,
        context: null,
        source: block.source,
        text: texts.join("\n"),
        ...(block.citations?.enabled ? { citable: { unit: "search-result-block", index, texts, fileId: null } } : {}),
        ...cacheTtl(block.cache_control),
      };
    },

    upload(block) {
      const name = media.uploads.get(block.file_id);
      if (name === undefined) throw untranslatable("container_upload");
      return {
        type: "text",
        text: `[The user uploaded the file ${name} to the working folder.]`,
        ...cacheTtl(block.cache_control),
      };
    },
    nextDocument: () => documents++,
    nextFoundPage: () => foundPages++,

    image(block) {
      const picture = media.seen?.get(block.source);
      const shown = picture ? { ocrText: "", picture } : { ocrText: pictureText(block) };
      return { type: "image", ...shown, ...cacheTtl(block.cache_control) };
    },
  };
}
