import { createHash } from "node:crypto";
import { stat } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { expect, vi } from "vitest";
import type { CatalogWeights } from "../catalog.ts";

export const TOY_BYTES = Buffer.from(Array.from({ length: 300_000 }, (_, index) => index % 251));

/** Weights of a hub that the test starts itself. */
export const TOY_WEIGHTS: CatalogWeights = {
  name: "toy",
  title: "Toy",
  license: "Apache-2.0",
  file: "toy.gguf",
  bytes: TOY_BYTES.length,
  context: 8,
  sha256: createHash("sha256").update(TOY_BYTES).digest("hex"),
  mirrors: [{ kind: "huggingface", repo: "me/toy", revision: "abc" }],
};

export interface ToyHub extends AsyncDisposable {
  readonly url: string;
  /** The `Range` of each request. */
  readonly ranges: readonly (string | undefined)[];
}

export interface ToyHubOptions {
  /** Breaks off in the middle of its first answer, once this has happened. */
  readonly breakOff?: Promise<void>;
  readonly content?: Buffer;
  readonly status?: number;
  /** Waits for it in the middle of what it sends. */
  readonly gate?: Promise<void>;
}

/** Resolves once something of the toy weights is on disk: only from there a download can go on. */
export async function hasBegun(folder: string): Promise<void> {
  const partial = join(folder, ".partial", TOY_WEIGHTS.name, TOY_WEIGHTS.file);
  await vi.waitFor(async () => expect((await stat(partial)).size).toBeGreaterThan(0), { timeout: 20_000 });
}

/** A hub that serves the toy weights from this process. */
export async function startToyHub(options: ToyHubOptions = {}): Promise<ToyHub> {
  const ranges: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    ranges.push(request.headers.range);
    if (request.url !== "/me/toy/resolve/abc/toy.gguf") return response.writeHead(404).end();
    if (options.status !== undefined) return response.writeHead(options.status).end();
    const from = Number(/bytes=(\d+)-/.exec(request.headers.range ?? "")?.[1] ?? 0);
    const body = (options.content ?? TOY_BYTES).subarray(from);
    response.writeHead(from > 0 ? 206 : 200, { "content-length": body.length });
    const half = Math.floor(body.length / 2);
    if (options.breakOff && ranges.length === 1) {
      response.write(body.subarray(0, half));
      void options.breakOff.then(() => response.destroy());
      return response;
    }
    if (!options.gate) return response.end(body);
    response.write(body.subarray(0, half));
    void options.gate.then(() => response.end(body.subarray(half)));
    return response;
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    ranges,
    async [Symbol.asyncDispose]() {
      server.close().closeAllConnections();
    },
  };
}
