import { DeleteObjectCommand, GetObjectCommand, HeadBucketCommand, paginateListObjectsV2, S3Client } from "@aws-sdk/client-s3";
import { Upload } from "@aws-sdk/lib-storage";
import { Readable } from "node:stream";
import { type Failure, fail } from "../platform/fail.ts";
import { AbsentBlob, assertBlobKey, type BlobStore } from "./blob-store.ts";
import { measureBytes } from "./measure-bytes.ts";

export interface S3Options {
  /** Null: Amazon's own for the region. */
  readonly endpoint: string | null;
  readonly region: string;
  readonly bucket: string;
  /** Stands before every object's name, so that one bucket can serve several. */
  readonly prefix: string;
  /** Null: what the environment of the process gives. */
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string } | null;
  /** `https://host/bucket/key` instead of `https://bucket.host/key`; most servers other than Amazon's need it. */
  readonly forcePathStyle: boolean;
}

/** The smallest that S3 takes is 5 MB; two at once bound what an upload holds in memory. */
const PART_BYTES = 8 * 1024 * 1024;
const PARTS_AT_ONCE = 2;

/** Blobs as objects of an S3-compatible store. Fails at once where the bucket cannot be reached. */
export async function openS3BlobStore(options: S3Options): Promise<BlobStore & AsyncDisposable> {
  const { bucket, prefix } = options;
  const client = new S3Client({
    region: options.region,
    forcePathStyle: options.forcePathStyle,
    ...(options.endpoint === null ? {} : { endpoint: options.endpoint }),
    ...(options.credentials ? { credentials: options.credentials } : {}),
    // Checksums that Amazon added in 2025 and not every compatible store knows; parts are signed and hashed all the same.
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
  });
  const nameOf = (key: string): string => {
    assertBlobKey(key);
    return `${prefix}${key}`;
  };
  try {
    await client.send(new HeadBucketCommand({ Bucket: bucket }));
  } catch (error) {
    client.destroy();
    throw unusable(error, `bucket ${bucket} cannot be reached`);
  }

  return {
    async put(key, content) {
      const { bytes, facts } = measureBytes(content);
      let broken: { readonly error: unknown } | null = null;
      // What the content throws must come back as it is, not as the client's own error.
      async function* guarded(): AsyncGenerator<Uint8Array, void, void> {
        try {
          yield* bytes;
        } catch (error) {
          broken = { error };
          throw error;
        }
      }
      const upload = new Upload({
        client,
        params: { Bucket: bucket, Key: nameOf(key), Body: Readable.from(guarded(), { objectMode: false }) },
        partSize: PART_BYTES,
        queueSize: PARTS_AT_ONCE,
        // A half upload is aborted at the store too, which drops its parts.
        leavePartsOnError: false,
      });
      try {
        await upload.done();
      } catch (error) {
        const cause = broken as { readonly error: unknown } | null;
        throw cause ? cause.error : unusable(error, `put ${key}`);
      }
      return facts();
    },

    async *get(key, range) {
      try {
        const { Body: body } = await client.send(
          new GetObjectCommand({
            Bucket: bucket,
            Key: nameOf(key),
            ...(range ? { Range: `bytes=${range.start}-${range.end}` } : {}),
          }),
        );
        if (!(body instanceof Readable)) throw new Error("the store sent no body");
        for await (const chunk of body) yield chunk as Buffer;
      } catch (error) {
        if (error instanceof Error && error.name === "NoSuchKey") throw new AbsentBlob(key, { cause: error });
        throw unusable(error, `get ${key}`);
      }
    },

    async delete(key) {
      try {
        await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: nameOf(key) }));
      } catch (error) {
        throw unusable(error, `delete ${key}`);
      }
    },

    async *list() {
      try {
        for await (const page of paginateListObjectsV2({ client }, { Bucket: bucket, Prefix: prefix })) {
          for (const { Key: name, Size: sizeBytes = 0, LastModified: writtenAt } of page.Contents ?? []) {
            if (name === undefined || writtenAt === undefined) continue;
            yield { key: name.slice(prefix.length), sizeBytes, writtenAtMs: writtenAt.getTime() };
          }
        }
      } catch (error) {
        throw unusable(error, "list");
      }
    },

    async [Symbol.asyncDispose]() {
      client.destroy();
    },
  };
}

function unusable(error: unknown, what: string): Failure {
  return fail("api_error", {
    public: "The server's file storage cannot be used.",
    internal: `${what}: ${error instanceof Error ? `${error.name} ${error.message}` : String(error)}`,
  });
}
