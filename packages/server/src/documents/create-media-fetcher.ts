import { type Egress, EgressError, readAll } from "../egress/index.ts";
import { type FetchMedia, MediaUnreachable } from "./read-media.ts";

const TIMEOUT_MS = 30_000;

/** Fetches documents and pictures through the one function by which this server reaches others' addresses. */
export function createMediaFetcher(egress: Egress): FetchMedia {
  return async (url, { mediaTypes, maxBytes, signal }) => {
    try {
      const reply = await egress(url, {
        headers: { accept: mediaTypes.join(", ") },
        timeoutMs: TIMEOUT_MS,
        maxBytes,
        accepts: (mediaType) => mediaTypes.includes(mediaType) || mediaType === "application/octet-stream",
        signal,
      });
      if (reply.status !== 200) {
        reply.close();
        throw new MediaUnreachable(`status ${reply.status}`);
      }
      return { mediaType: reply.mediaType, bytes: await readAll(reply.body) };
    } catch (error) {
      throw error instanceof EgressError ? new MediaUnreachable(`${error.reason}: ${error.message}`) : error;
    }
  };
}
