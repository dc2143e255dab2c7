import { z } from "zod";

const positive = z.coerce.number().int().positive();
/** Environment variables are text. */
const flag = z.union([z.boolean(), z.enum(["true", "false"]).transform((text) => text === "true")]);

export const poolName = z.string().regex(/^[a-z0-9][a-z0-9._-]{0,63}$/i, "must be 1 to 64 letters, digits, `.`, `_` or `-`");

export const upstream = z
  .strictObject({
    kind: z.enum(["anthropic", "chat-completions", "llama-server", "vllm", "sglang", "parley"]),
    /** Base address; `/v1` at its end may be there or not. Of kind parley: another node's `engine.listen`. */
    url: z.url({ protocol: /^https?$/ }),
    api_key: z.string().min(1).nullable().default(null),
    /** The environment variable that holds the key. */
    api_key_env: z.string().min(1).nullable().default(null),
    /** How the key is sent; null: `x-api-key` to kind anthropic, else `bearer`. */
    auth: z.enum(["x-api-key", "bearer"]).nullable().default(null),
    connect_seconds: z.coerce.number().positive().max(60).default(5),
    /** A stream that says nothing for so long has failed. */
    silence_seconds: z.coerce.number().positive().max(3_600).default(120),
    /** How long a reply that is not streamed may take. */
    reply_seconds: z.coerce.number().positive().max(7_200).default(600),
    /** Of kind anthropic: a reply that is not streamed is read to its end though its client has left, and accounted. */
    finish_left_replies: flag.default(true),
    /** Turns and counts on it at once. */
    connections: positive.max(10_000).default(1_000),
    /** Turns of kind vllm or sglang that are decoded at once; the others wait here. */
    slots: positive.max(1_024).default(32),
    /** Of kind sglang: path of the model's `tokenizer_config.json`, with its `chat_template.jinja` beside it where it holds no template. */
    tokenizer_config: z.string().min(1).nullable().default(null),
    /** Turns that this server gives it at once; null is no limit but that of connections. The others wait in their pool's queue. */
    turns: positive.max(100_000).nullable().default(null),
    /** Where its machines stand, as far as that is promised to whoever asks for `us`; null promises nothing. */
    geo: z.enum(["us"]).nullable().default(null),
    /** What the model behind it can do, for kind chat-completions. */
    images: flag.default(false),
    structured_outputs: flag.default(false),
    /** How the model is told to think: not at all, by its chat template's `enable_thinking`, or by `reasoning_effort`. */
    thinking: z.enum(["none", "template", "effort"]).default("none"),
  })
  .refine(({ kind, images }) => !images || !isTokenKind(kind), {
    path: ["images"],
    message: "is for upstreams of kind chat-completions or parley: one of this kind is sent tokens, and pictures have none",
  })
  .refine(({ kind, tokenizer_config: file }) => (file !== null) === (kind === "sglang"), {
    path: ["tokenizer_config"],
    message: "is what upstreams of kind sglang need, and no others: SGLang tells nobody its chat template",
  })
  .refine(({ api_key: key, api_key_env: variable }) => key === null || variable === null, {
    path: ["api_key_env"],
    message: "must not be set together with api_key",
  });

/** Whether upstreams of a kind only decode tokens, and Parley renders and parses for them. */
export function isTokenKind(kind: string): kind is "llama-server" | "vllm" | "sglang" {
  return kind === "llama-server" || kind === "vllm" || kind === "sglang";
}

const CLASSES = ["priority", "standard", "batch"] as const;

export const pool = z.strictObject({
  /** For people; null is its name. */
  title: z.string().min(1).nullable().default(null),
  targets: z
    .array(
      z.strictObject({
        upstream: z.string().min(1),
        /** The upstream's own name of the model; null: as the client asks for it. */
        model: z.string().min(1).nullable().default(null),
        /** Its share of the turns beside the other targets. */
        weight: z.coerce.number().positive().max(1_000).default(1),
        /** The service tiers of the turns that it takes. */
        classes: z
          .array(z.enum(CLASSES))
          .min(1)
          .default([...CLASSES]),
      }),
    )
    .min(1),
  /** Pools or weights that answer when no target can. */
  fallbacks: z.array(z.string().min(1)).default([]),
  /** Turns that may wait for a place where all targets have `turns` already, and how long each. */
  queue_turns: z.coerce.number().int().min(0).max(100_000).default(1_000),
  queue_seconds: z.coerce.number().positive().max(3_600).default(600),
  /** Null: what the upstream says, else 200,000 of kind anthropic and 32,768 of others. */
  context_tokens: positive.nullable().default(null),
});

export type UpstreamConfig = z.infer<typeof upstream>;
export type PoolConfig = z.infer<typeof pool>;

/** What of the configuration says who answers. */
export interface RoutesConfig {
  readonly models: Readonly<Record<string, string>>;
  readonly upstreams: Readonly<Record<string, UpstreamConfig>>;
  readonly pools: Readonly<Record<string, PoolConfig>>;
}

/** What models are mapped to that is on this machine, each once. */
export function localWeightsOf({ models, pools }: Pick<RoutesConfig, "models" | "pools">): readonly string[] {
  return [...new Set(Object.values(models))].filter((name) => !Object.hasOwn(pools, name));
}

/** Whether requests of a pool are passed on: all its targets speak the Messages protocol. */
export function isPassedOn({ targets }: PoolConfig, upstreams: RoutesConfig["upstreams"]): boolean {
  return targets.every(({ upstream: name }) => upstreams[name]?.kind === "anthropic");
}

/** Pools whose parts do not fit together. */
export function checkPools({ upstreams, pools }: RoutesConfig, context: z.RefinementCtx): void {
  const issue = (path: (string | number)[], message: string): void => context.addIssue({ code: "custom", path, message });
  for (const [name, { targets, fallbacks }] of Object.entries(pools)) {
    const kinds = new Set(targets.map((target) => upstreams[target.upstream]?.kind));
    for (const [index, target] of targets.entries()) {
      if (!Object.hasOwn(upstreams, target.upstream))
        issue(["pools", name, "targets", index, "upstream"], "must name one of upstreams");
    }
    for (const each of CLASSES) {
      if (!targets.some(({ classes }) => classes.includes(each))) {
        issue(["pools", name, "targets"], `must take all classes: none of them takes ${each}`);
      }
    }
    if (kinds.size > 1) issue(["pools", name, "targets"], "must be upstreams of one kind");
    for (const [index, fallback] of fallbacks.entries()) {
      const other = pools[fallback];
      const passes = other !== undefined && isPassedOn(other, upstreams);
      if (passes !== kinds.has("anthropic")) {
        issue(
          ["pools", name, "fallbacks", index],
          "must be of the same way: pools of kind anthropic fall back to each other, other pools to other pools or weights",
        );
      }
    }
  }
}
