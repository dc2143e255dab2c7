import type { ContentBlockParam, CountTokensRequest, DocumentBlockParam, ImageBlockParam, ModelCapabilities } from "@parley/wire";
import { type Failure, fail } from "../platform/fail.ts";
import type { FileRow } from "../storage/files.ts";
import { fileNotFound, type FileOwner, type Files } from "./create-files.ts";

type Path = readonly (string | number)[];
type Source = ImageBlockParam["source"] | DocumentBlockParam["source"];

/** A request may hold as much in its own body; what files add to it is held in memory like that. */
const CONTENT_MAX_BYTES = 32 * 1024 * 1024;

/**
 * The request with the content of the files that its blocks name in their place, as if the client had sent it. What the
 * model does not read is not fetched: the model's own refusal follows. Throws `not_found_error` for a file that is not the
 * workspace's or has expired, `invalid_request_error` for one of another type than the block's.
 */
export async function resolveFileBlocks<Request extends Pick<CountTokensRequest, "messages">>(
  request: Request,
  owner: FileOwner,
  capabilities: ModelCapabilities,
  files: Files,
  /** Told each source that stands in a file's place, and the file's id: citations name it. */
  onSource: (source: object, fileId: string) => void = () => {},
  /** Told each file that a block puts into the container. */
  onUpload: (file: FileRow) => void = () => {},
): Promise<Request> {
  if (!request.messages.some(({ content }) => Array.isArray(content) && content.some((block) => namesFile(block))))
    return request;
  let bytes = 0;

  async function readFile(file: FileRow, path: Path): Promise<Buffer> {
    bytes += file.sizeBytes;
    if (bytes > CONTENT_MAX_BYTES) {
      const public_ = `${path.join(".")}: Files in a request may have ${CONTENT_MAX_BYTES / 1024 / 1024} MB together`;
      throw fail("invalid_request_error", { public: public_ });
    }
    return Buffer.concat(await Array.fromAsync(files.read(file)));
  }

  async function resolveSource(kind: "image" | "document", source: Source, at: Path): Promise<Source> {
    if (source.type !== "file") return source;
    const path = [...at, "source", "file", "file_id"];
    const file = await findFile(source.file_id);
    const asked = expectedSource(kind, file.mimeType);
    if (asked === null) throw wrongType(kind, file, path);
    const isRead = asked === "text" || (asked === "pdf" ? capabilities.pdf_input : capabilities.image_input).supported;
    // Expiry is told also where the content is not wanted.
    files.assertReadable(file);
    const data = isRead ? await readFile(file, path) : Buffer.alloc(0);
    const resolved = toSource(asked, data, file, path);
    onSource(resolved, file.id);
    return resolved;
  }

  function toSource(asked: "text" | "pdf" | "image", data: Buffer, file: FileRow, path: Path): Source {
    switch (asked) {
      case "text":
        return { type: "text", media_type: "text/plain", data: decodeText(data, path) };
      case "pdf":
        return { type: "base64", media_type: "application/pdf", data: data.toString("base64") };
      case "image":
        return { type: "base64", media_type: file.mimeType as "image/png", data: data.toString("base64") };
      default:
        asked satisfies never;
        throw new Error("unknown source");
    }
  }

  function noteUpload(file: FileRow): void {
    files.assertReadable(file);
    onUpload(file);
  }

  async function findFile(id: string): Promise<FileRow> {
    const [file] = await files.find(owner, [id]);
    if (!file) throw fileNotFound(id);
    return file;
  }

  async function resolveBlock(block: ContentBlockParam, path: Path): Promise<ContentBlockParam> {
    const here = [...path, block.type];
    switch (block.type) {
      case "image":
        return { ...block, source: (await resolveSource("image", block.source, here)) as ImageBlockParam["source"] };
      case "document": {
        const { source } = block;
        if (source.type === "content" && Array.isArray(source.content)) {
          const content = await resolveAll(source.content, [...here, "source", "content"]);
          return { ...block, source: { ...source, content: content as Extract<typeof source, { type: "content" }>["content"] } };
        }
        return { ...block, source: (await resolveSource("document", source, here)) as DocumentBlockParam["source"] };
      }
      case "tool_result":
        if (!Array.isArray(block.content)) return block;
        return {
          ...block,
          content: (await resolveAll(block.content as ContentBlockParam[], [...here, "content"])) as typeof block.content,
        };
      case "container_upload":
        noteUpload(await findFile(block.file_id));
        return block;
      default:
        return block;
    }
  }

  async function resolveAll(blocks: readonly ContentBlockParam[], path: Path): Promise<ContentBlockParam[]> {
    const resolved: ContentBlockParam[] = [];
    for (const [index, block] of blocks.entries()) resolved.push(await resolveBlock(block, [...path, index]));
    return resolved;
  }

  const messages: Request["messages"] = [];
  for (const [index, message] of request.messages.entries()) {
    const { content } = message;
    messages.push(
      message.role === "system" || !Array.isArray(content)
        ? message
        : { ...message, content: await resolveAll(content as ContentBlockParam[], ["messages", index, "content"]) },
    );
  }
  return { ...request, messages };
}

function namesFile(block: { readonly type: string }): boolean {
  // Cheaper than to walk every shape that may hold one: blocks without the word cannot.
  return block.type === "container_upload" || (block.type !== "text" && JSON.stringify(block).includes('"file_id"'));
}

/** What a file of this type is to the model in such a block; null: it does not belong there. */
function expectedSource(kind: "image" | "document", mimeType: string): "text" | "pdf" | "image" | null {
  if (kind === "image") return /^image\/(jpeg|png|gif|webp)$/.test(mimeType) ? "image" : null;
  if (mimeType === "application/pdf") return "pdf";
  return mimeType === "text/plain" ? "text" : null;
}

function wrongType(kind: "image" | "document", file: FileRow, path: Path): Failure {
  const wanted = kind === "image" ? "image/jpeg, image/png, image/gif or image/webp" : "application/pdf or text/plain";
  return fail("invalid_request_error", {
    public: `${path.join(".")}: File ${file.id} is ${file.mimeType}; ${kind} blocks take ${wanted}`,
  });
}

function decodeText(data: Buffer, path: Path): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(data);
  } catch {
    throw fail("invalid_request_error", { public: `${path.join(".")}: The file is not UTF-8 text` });
  }
}
