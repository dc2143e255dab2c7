import { BATCH_REQUESTS_MAX, BatchRequest, parseBySchema } from "@parley/wire";
import type { BlobStore } from "../blobs/index.ts";
import { type Failure, fail } from "../platform/fail.ts";
import { newId } from "../platform/ids.ts";
import type { NewBatchItem } from "../storage/batch-items.ts";
import { prefixKey } from "./prefix-key.ts";
import { createRequestsReader, parseEntry } from "./requests-reader.ts";

/** Small enough for a statement of milliseconds. */
const ITEMS_AT_ONCE = 1_000;
const PIECE_BYTES = 256 * 1024;

/**
 * Reads the body of a batch as it comes in: each request's bytes go to the blob, a row that says where they are to
 * `insert`. Holds one request, the rows of one statement and every `custom_id`. Returns how many requests there were.
 */
export async function receiveBatch(
  body: AsyncIterable<Buffer>,
  blobs: BlobStore,
  key: string,
  insert: (items: readonly NewBatchItem[]) => Promise<void>,
): Promise<number> {
  const reader = createRequestsReader();
  const indexes = new Map<string, number>();
  let items: NewBatchItem[] = [];
  let start = 0;

  function toItem(bytes: Buffer): NewBatchItem {
    const position = indexes.size;
    if (position === BATCH_REQUESTS_MAX) throw tooMany();
    const { custom_id: customId, params } = checkEntry(parseEntry(bytes, position), position);
    const earlier = indexes.get(customId);
    if (earlier !== undefined) {
      throw fail("invalid_request_error", {
        public: `requests.${position}.custom_id: '${customId}' is the custom_id of requests.${earlier} already; each must be unique`,
      });
    }
    indexes.set(customId, position);
    const item = { position, customId, requestId: newId("req"), start, length: bytes.length, prefixKey: prefixKey(params) };
    start += bytes.length;
    return item;
  }

  async function flush(): Promise<void> {
    const full = items;
    items = [];
    if (full.length > 0) await insert(full);
  }

  async function* content(): AsyncGenerator<Uint8Array, void, void> {
    let pieces: Buffer[] = [];
    let pieceBytes = 0;
    for await (const chunk of body) {
      for (const bytes of reader.push(chunk)) {
        items.push(toItem(bytes));
        pieces.push(bytes);
        pieceBytes += bytes.length;
        if (items.length === ITEMS_AT_ONCE) await flush();
      }
      if (pieceBytes < PIECE_BYTES) continue;
      yield Buffer.concat(pieces);
      pieces = [];
      pieceBytes = 0;
    }
    reader.end();
    if (indexes.size === 0) {
      throw fail("invalid_request_error", { public: "requests: List should have at least 1 item after validation, not 0" });
    }
    await flush();
    if (pieceBytes > 0) yield Buffer.concat(pieces);
  }

  await blobs.put(key, content());
  return indexes.size;
}

/** What cannot be told later in a result: whose it would be, and what no batch does. */
function checkEntry(entry: unknown, index: number): BatchRequest {
  const checked = parseBySchema(BatchRequest, entry);
  const refuse = (text: string): Failure => fail("invalid_request_error", { public: `requests.${index}.${text}` });
  if (!checked.ok) throw refuse(checked.message);
  const { params } = checked.value;
  if (params["stream"] === true) throw refuse("params.stream: Streaming is not supported in batches");
  if (params["max_tokens"] === 0) throw refuse("params.max_tokens: Input should be greater than or equal to 1");
  const tokenAt = findToken(params["mcp_servers"]);
  if (tokenAt !== null) {
    throw refuse(
      `params.mcp_servers.${tokenAt}.authorization_token: batches are kept on disk until they have run, and tokens are not; send this request by itself`,
    );
  }
  return checked.value;
}

function findToken(servers: unknown): number | null {
  const at = Array.isArray(servers)
    ? servers.findIndex((server: unknown) => {
        const token = (server as { readonly authorization_token?: unknown } | null)?.authorization_token;
        return token !== undefined && token !== null;
      })
    : -1;
  return at < 0 ? null : at;
}

function tooMany(): Failure {
  return fail("invalid_request_error", {
    public: `requests: List should have at most ${BATCH_REQUESTS_MAX} items after validation`,
  });
}
