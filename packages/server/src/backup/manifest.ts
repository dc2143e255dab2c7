import { z } from "zod";

export const MANIFEST_NAME = "manifest.json";
export const END_NAME = "end.json";
export const SECRET_NAME = "secret.key.sealed";
export const TABLE_PREFIX = "database/";
export const BLOB_PREFIX = "blobs/";

/** The first file of a backup: what is needed to read the rest. */
export const Manifest = z.strictObject({
  format: z.literal(1),
  createdAt: z.iso.datetime(),
  /** Of the database server. */
  serverVersion: z.string(),
  migrations: z.array(z.strictObject({ hash: z.string(), createdAtMs: z.int() })),
  tables: z.array(z.strictObject({ name: z.string(), columns: z.array(z.string()).min(1) })),
  sequences: z.array(z.strictObject({ name: z.string(), lastValue: z.string().regex(/^\d+$/) })),
  ledgerMonths: z.array(z.string().regex(/^\d{4}-\d{2}-01$/)),
});
export type Manifest = z.infer<typeof Manifest>;

/** The last file: what the others must add up to. A backup without it is cut off. */
export const BackupEnd = z.strictObject({
  tables: z.record(z.string(), z.strictObject({ rows: z.int(), sha256: z.string() })),
  blobs: z.int(),
  blobBytes: z.int(),
});
export type BackupEnd = z.infer<typeof BackupEnd>;
