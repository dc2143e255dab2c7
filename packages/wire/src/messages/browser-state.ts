import { z } from "zod";
import { cacheControlField } from "./cache-control.ts";

const MAX_CHARACTERS = 4_096;
/** It becomes one line of what the model reads. */
const line = z
  .string()
  .max(MAX_CHARACTERS)
  .regex(/^[^\p{Cc}\u2028\u2029]*$/u);
const id = line.min(1);

const download = { download_id: id, url: line };

const BrowserStateChange = z
  .discriminatedUnion("type", [
    z.strictObject({ type: z.literal("tab_opened"), tab_id: id }),
    z.strictObject({ type: z.literal("download_started"), ...download }),
    z.strictObject({
      type: z.literal("download_completed"),
      ...download,
      path: line.nullish(),
      size_bytes: z.int().min(0).nullish(),
    }),
    z.strictObject({ type: z.literal("download_failed"), ...download, error: line.nullish() }),
  ])
  .meta({ id: "BrowserStateChange" });

/** The tabs that are open after a browser toolset's call, and what else came of it. The server tells the model in words. */
export const BrowserStateBlockParam = z
  .strictObject({
    type: z.literal("browser_state"),
    tabs: z.array(z.strictObject({ tab_id: id, title: line, url: line, active: z.boolean().optional() })).max(100),
    state_changes: z.array(BrowserStateChange).min(1).max(200).nullish(),
    cache_control: cacheControlField,
  })
  .meta({ id: "BrowserStateBlockParam" });

export type BrowserStateBlockParam = z.infer<typeof BrowserStateBlockParam>;
