import type { ContentBlockParam, CountTokensRequest, DocumentBlockParam, ImageBlockParam } from "@parley/wire";

export type Path = readonly (string | number)[];

/** A block whose source is not text yet. */
export type Media =
  | {
      readonly kind: "image";
      readonly block: ImageBlockParam;
      readonly path: Path;
      /** The call that it answers. */
      readonly toolUseId: string | null;
    }
  | { readonly kind: "document"; readonly block: DocumentBlockParam; readonly path: Path };

/** Every picture and document of a request, in the order in which it stands there, those inside tool results included. */
export function findMedia({ messages }: Pick<CountTokensRequest, "messages">): Media[] {
  return messages.flatMap(({ content }, at) =>
    Array.isArray(content) ? inBlocks(content as ContentBlockParam[], ["messages", at, "content"]) : [],
  );
}

/** Whether something of a request has to be fetched or read before it is text. */
export function needsReading(request: Pick<CountTokensRequest, "messages">): boolean {
  return findMedia(request).some(({ block: { source } }) => source.type !== "text" && source.type !== "content");
}

function inBlocks(blocks: readonly ContentBlockParam[], path: Path, toolUseId: string | null = null): Media[] {
  return blocks.flatMap((block, index): Media[] => {
    const here = [...path, index, block.type];
    switch (block.type) {
      case "image":
        return [{ kind: "image", block, path: here, toolUseId }];
      case "document": {
        const { source } = block;
        const inner =
          source.type === "content" && Array.isArray(source.content)
            ? inBlocks(source.content, [...here, "source", "content", "content"])
            : [];
        return [{ kind: "document", block, path: here }, ...inner];
      }
      case "tool_result":
        return Array.isArray(block.content)
          ? inBlocks(block.content as ContentBlockParam[], [...here, "content"], block.tool_use_id)
          : [];
      default:
        return [];
    }
  });
}
