import { join } from "node:path";
import type { BlobStore } from "./blob-store.ts";
import { openFolderBlobStore } from "./folder-blob-store.ts";

/** `files` of the configuration, as far as it says where bytes are kept. */
export interface BlobStoreConfig {
  readonly store: "folder" | "s3";
  /** Null: `blobs` in the data folder. */
  readonly folder: string | null;
  readonly s3: {
    readonly endpoint: string | null;
    readonly region: string;
    readonly bucket: string | null;
    readonly prefix: string;
    readonly access_key_id: string | null;
    readonly secret_access_key: string | null;
    readonly force_path_style: boolean;
  };
}

export async function openBlobStore(config: BlobStoreConfig, dataDir: string): Promise<BlobStore & AsyncDisposable> {
  if (config.store === "folder") {
    const store = await openFolderBlobStore(config.folder ?? join(dataDir, "blobs"));
    return { ...store, async [Symbol.asyncDispose]() {} };
  }
  // Only where it is configured: its client is megabytes of code.
  const { openS3BlobStore } = await import("./s3-blob-store.ts");
  const { endpoint, region, bucket, prefix, force_path_style: forcePathStyle, ...keys } = config.s3;
  const { access_key_id: accessKeyId, secret_access_key: secretAccessKey } = keys;
  const credentials = accessKeyId !== null && secretAccessKey !== null ? { accessKeyId, secretAccessKey } : null;
  return openS3BlobStore({ endpoint, region, bucket: bucket ?? "", prefix, credentials, forcePathStyle });
}
