import { z } from "zod";

const MemoryPlan = z.object({
  weights_bytes: z.int(),
  /** Keys and values of every slot, at the whole context. */
  kv_bytes: z.int(),
  compute_bytes: z.int(),
  total_bytes: z.int(),
  slots: z.int(),
  /** Of each slot. */
  context_tokens: z.int(),
  fits: z.boolean(),
  /** What was cut to make it fit; null: nothing. */
  cut: z.string().nullable(),
});

const ModelEngine = z.object({
  state: z.enum(["loading", "ready", "waiting-to-restart"]),
  kind: z.string().nullable(),
  slots: z.int(),
  slots_busy: z.int(),
  queued: z.int(),
  /** Decoded, over the last seconds. */
  tokens_per_second: z.number(),
  /** 0 to 1. */
  load_progress: z.number(),
  loaded_at: z.string().nullable(),
  /** Times that its process died. */
  crashes: z.int(),
});

const ModelPull = z.object({
  status: z.enum(["running", "failed"]),
  phase: z.enum(["download", "verify"]),
  done_bytes: z.int(),
  total_bytes: z.int(),
  bytes_per_second: z.int().nullable(),
  /** What each source answered, where it failed; administrators alone see it. */
  fault: z.string().nullable(),
});

export const ConsoleWeights = z
  .object({
    name: z.string(),
    title: z.string(),
    bytes: z.int(),
    /** Null for a file of one's own. */
    license: z.string().nullable(),
    is_installed: z.boolean(),
    /** Null: it is not loaded. */
    engine: ModelEngine.nullable(),
    /** What loading it takes; null where it is not here, or cannot be read. */
    plan: MemoryPlan.nullable(),
    /** Null: it is not being fetched. */
    pull: ModelPull.nullable(),
    /** Why it could not be loaded the last time that somebody asked here. */
    load_fault: z.string().nullable(),
  })
  .meta({ id: "ConsoleWeights" });
export type ConsoleWeights = z.infer<typeof ConsoleWeights>;

/** Another server that answers for models, as this node sees it. */
const ConsoleUpstream = z
  .object({
    name: z.string(),
    kind: z.string(),
    /** Where its machines stand, as far as that is promised. */
    geo: z.string().nullable(),
    /** Its address; administrators alone see it. */
    url: z.string().nullable(),
    /** False: it is paused, as it failed. */
    is_up: z.boolean(),
    /** Why not; null while all is well. */
    fault: z.string().nullable(),
    /** Until it is asked again. */
    retry_in_seconds: z.int().nullable(),
    /** When it last answered a probe or a turn; null: it never did. */
    answered_at: z.string().nullable(),
    /** Of the turns that it has now, about. */
    outstanding_tokens: z.int(),
    running_turns: z.int(),
    /** An administrator lets it end what it has: no new turn goes there. */
    is_drained: z.boolean(),
  })
  .meta({ id: "ConsoleUpstream" });
export type ConsoleUpstream = z.infer<typeof ConsoleUpstream>;

/** A name that models are served under by upstreams. */
const ConsolePool = z
  .object({
    name: z.string(),
    title: z.string(),
    targets: z.array(
      z.object({
        upstream: z.string(),
        model: z.string().nullable(),
        weight: z.number(),
        /** The service tiers of the turns that it takes. */
        classes: z.array(z.string()),
      }),
    ),
    /** Who answers, in this order, when none of them can. */
    fallbacks: z.array(z.string()),
    /** Turns that wait for a place at one of them, on this node. */
    queued_turns: z.int(),
  })
  .meta({ id: "ConsolePool" });
export type ConsolePool = z.infer<typeof ConsolePool>;

export const ConsoleModels = z
  .object({
    type: z.literal("console_models"),
    /** Whether whoever asks may load, unload and fetch weights. */
    may_steer: z.boolean(),
    weights: z.array(ConsoleWeights),
    /** Which weights answer for a family of models, or for one name, as the server is configured. */
    families: z.array(z.object({ name: z.string(), weights: z.string(), is_installed: z.boolean() })),
    upstreams: z.array(ConsoleUpstream),
    pools: z.array(ConsolePool),
    memory: z.object({
      planned_bytes: z.int(),
      /** Null: what the machine has free. */
      budget_bytes: z.int().nullable(),
      available_bytes: z.int(),
    }),
    /** Cached prefixes on disk. */
    snapshots: z.object({ count: z.int(), bytes: z.int(), budget_bytes: z.int() }),
  })
  .meta({ id: "ConsoleModels", description: "The weights of this server, what is loaded, and what it takes." });
export type ConsoleModels = z.infer<typeof ConsoleModels>;
