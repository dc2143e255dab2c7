import { provedBy, type Requirement } from "./requirement.ts";

/** Blobs, files and jobs. */
export const filesRequirements: readonly Requirement[] = [
  ...provedBy("server/src/jobs/jobs.db.test.ts", [
    ["jobs:once", "surface F", "Periodic work is done by one node, once.", "of two nodes one does the work, and once"],
    ["jobs:retry", "surface F", "Work that fails is tried again.", "work that fails is tried again"],
    ["jobs:drain", "7", "Closing waits for the work that runs.", "closing waits for what runs"],
  ]),
  ...provedBy("server/src/blobs/folder-blob-store.test.ts", [
    [
      "blobs:full",
      "11",
      "A full disk is told clearly and leaves nothing of what did not fit.",
      "a full disk is told as api_error and leaves nothing of the blob",
    ],
    ["blobs:whole", "11", "A blob appears whole or not at all.", "a name appears only with its whole content"],
  ]),
  ...provedBy("server/src/blobs/s3-blob-store.db.test.ts", [
    [
      "blobs:s3",
      "11",
      "Blobs go to a real S3-compatible server, and share a bucket with others.",
      "two prefixes share a bucket and do not see each other",
    ],
    [
      "blobs:s3-refused",
      "11",
      "A bucket or key that is wrong stops the start.",
      "a bucket that is not there, or a wrong key, fails at the start and says so in the log only",
    ],
  ]),
  ...provedBy("server/src/endpoints/files-create/files.db.test.ts", [
    ["files:sdk", "surface F", "The official SDK uploads, reads, lists and deletes files.", "upload, metadata, list and delete"],
    [
      "files:legacy",
      "surface 0",
      "Clients of the beta get the legacy shapes.",
      "a client of the beta gets the shapes from before general availability",
    ],
    [
      "files:pages",
      "surface F",
      "Files are listed by cursor, newest first.",
      "a list pages by cursor, newest first, and stays right when files come and go between pages",
    ],
    [
      "files:ids",
      "surface F",
      "A list by ids shows only what is the workspace's.",
      "a list by ids leaves out what is not the workspace's, and takes neither page nor limit beside them",
    ],
    [
      "files:isolation",
      "10",
      "Another workspace's file answers like one that never was.",
      "another workspace's file answers like one that never was",
    ],
    [
      "files:download",
      "surface F",
      "Only files that tools made can be downloaded.",
      "what was uploaded is not downloadable; what a tool made is, byte for byte",
    ],
    [
      "files:expiry",
      "surface E",
      "A file expires when it said, and its bytes go.",
      "a file expires when it said, keeps its metadata, and loses its bytes at the next sweep",
    ],
    [
      "files:orphans",
      "surface F",
      "Blobs that no file names are removed.",
      "a sweep removes blobs that no file names once they are a day old, and no others",
    ],
    [
      "files:quota",
      "surface D",
      "Uploads at once do not pass the organization's quota together.",
      "a file of an organization that has no room left is refused, before its bytes where the form tells its length",
    ],
    ["files:cut", "surface F", "An upload that is cut half-way leaves nothing.", "an upload that is cut half-way leaves nothing"],
    [
      "files:blocks",
      "surface B",
      "A block that names a file is read like one that holds its content.",
      "a text file is read as the document that it would be in the body, nested ones too",
    ],
    [
      "files:blocks-isolation",
      "10",
      "A block cannot name another workspace's file.",
      "another workspace's file is not found, whatever block names it",
    ],
  ]),
  ...provedBy("server/test/e2e/files.e2e.test.ts", [
    [
      "files:memory",
      "surface E",
      "A large upload is stored in constant memory.",
      "a file of 300 MB is stored in constant memory and deleted from the disk",
    ],
  ]),
];
