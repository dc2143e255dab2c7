import type { BlobStore } from "../../blobs/index.ts";
import { fail } from "../../platform/fail.ts";

const absent = () => fail("api_error", { public: "The server's file storage cannot be used." });

/** A blob store that is out, for servers whose test has none. */
export const absentBlobs: BlobStore = {
  put: () => Promise.reject(absent()),
  delete: () => Promise.reject(absent()),
  get() {
    throw absent();
  },
  list() {
    throw absent();
  },
};
