import { z } from "zod";

/** The keys of `parley.yaml` for who runs a server: what it tells of itself, and how it stops. */
export const operations = {
  log: z.strictObject({ level: z.enum(["debug", "info", "warn", "error", "silent"]).default("info") }).prefault({}),
  shutdown: z
    .strictObject({
      /** How long a node that is told to stop says so (`/readyz`) and goes on taking connections, for a balancer to notice. */
      notice_seconds: z.number().min(0).max(300).default(0),
    })
    .prefault({}),
  metrics: z
    .strictObject({
      /** Other machines that may read `/metrics`: a Prometheus. */
      allow: z.array(z.union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()], "must be an address or a network")).default([]),
      /** How many workspaces have figures of their own in each process; the others' are one, `other`. */
      workspaces: z.int().min(0).max(10_000).default(200),
    })
    .prefault({}),
  telemetry: z
    .strictObject({
      /** Base address of an OTLP collector over HTTP, e.g. http://127.0.0.1:4318; null is off. */
      otlp_endpoint: z.url().nullable().default(null),
    })
    .prefault({}),
};
