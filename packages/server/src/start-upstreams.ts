import { createAnthropicUpstream } from "./engines/anthropic/create-anthropic-upstream.ts";
import { createChatUpstream } from "./engines/chat-completions/create-chat-upstream.ts";
import { connectEngineDoor } from "./engines/engine-door/connect-engine-door.ts";
import { connectLlamaServer } from "./engines/llama-server/connect-llama-server.ts";
import { connectSglang } from "./engines/sglang/connect-sglang.ts";
import { connectVllm } from "./engines/vllm/connect-vllm.ts";
import {
  createTokenUpstream,
  type RemoteModel,
  type TokenUpstreamOptions,
} from "./engines/token-upstream/create-token-upstream.ts";
import { thinkingSupport } from "./engines/turn-engine/render/thinking-support.ts";
import { createRouter, type Pool, type Router, type Routes } from "./engines/router/create-router.ts";
import type { Upstream } from "./engines/router/upstream-node.ts";
import { createUpstreamClient } from "./engines/upstream/upstream-client.ts";
import type { UpstreamDriver } from "./engines/upstream/upstream-driver.ts";
import type { PoolTraits } from "./models/served-capabilities.ts";
import type { Clock } from "./platform/clock.ts";
import { newId } from "./platform/ids.ts";
import type { Log } from "./platform/log.ts";
import type { Metrics } from "./platform/metrics.ts";
import type { EngineTracing } from "./platform/trace-engine.ts";
import { isPassedOn, isTokenKind, type PoolConfig, type RoutesConfig, type UpstreamConfig } from "./platform/upstreams-config.ts";
import type { Engine } from "./turn/engine.ts";

export interface UpstreamsOptions {
  readonly config: RoutesConfig;
  readonly local: Engine;
  /** Where the local engine stands, as far as that is promised. */
  readonly localGeo: "us" | null;
  /** What renders and parses for servers that only decode tokens. */
  readonly createTokenEngine: (models: RemoteModel) => Engine;
  /** Where another process of this node holds the state of such servers: drives the one of a name through it. */
  readonly shareTokenUpstream?: (name: string) => UpstreamDriver;
  /** What engine doors of other nodes are shown. */
  readonly doorSecret: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signThinking: (workspaceId: string, thinking: string) => string;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly tracing: EngineTracing;
}

const MS_PER_SECOND = 1000;
const PASSED_ON_CONTEXT_TOKENS = 200_000;
const CHAT_CONTEXT_TOKENS = 32_768;

/** The configured pools in front of the local models. */
export function startUpstreams(options: UpstreamsOptions): Router {
  const { config, local, localGeo, clock, log, metrics, tracing } = options;
  return createRouter({ ...toRoutes(config, options), local, localGeo, clock, log, metrics, tracing });
}

/** Throws where a key of an upstream is missing. */
export function toRoutes(config: RoutesConfig, options: Omit<UpstreamsOptions, "config">): Routes {
  return {
    upstreams: new Map(Object.entries(config.upstreams).map(([name, upstream]) => [name, toUpstream(name, upstream, options)])),
    pools: new Map(Object.entries(config.pools).map(([name, pool]) => [name, toPool(name, pool, config)])),
  };
}

function toUpstream(name: string, upstream: UpstreamConfig, options: Omit<UpstreamsOptions, "config">): Upstream {
  const apiKey = keyOf(name, upstream, options.env);
  return {
    identity: JSON.stringify([upstream, apiKey]),
    start: () => startDriver(name, upstream, apiKey, options),
    geo: upstream.geo,
    turnsMax: upstream.turns,
    isPassedOn: upstream.kind === "anthropic",
  };
}

/** What the pools can do, by name. */
export function poolTraits({ pools, upstreams }: RoutesConfig): ReadonlyMap<string, PoolTraits> {
  return new Map(
    Object.entries(pools).map(([name, pool]) => {
      const all = pool.targets.flatMap((target) => upstreams[target.upstream] ?? []);
      const traits: PoolTraits = {
        isPassedOn: isPassedOn(pool, upstreams),
        isChat: all.every(({ kind }) => kind === "chat-completions"),
        seesImages: all.every(({ images }) => images),
        hasStructuredOutputs: all.every(({ structured_outputs: has }) => has),
        thinks: all.every(({ thinking }) => thinking !== "none"),
        runsInUs: all.some(({ geo }) => geo === "us"),
      };
      return [name, traits];
    }),
  );
}

function startDriver(
  name: string,
  upstream: UpstreamConfig,
  apiKey: string | null,
  options: Omit<UpstreamsOptions, "config">,
): UpstreamDriver {
  const { signThinking, clock, log, shareTokenUpstream } = options;
  const { kind } = upstream;
  if (kind === "parley") {
    const door = connectEngineDoor({ address: { url: upstream.url }, secret: options.doorSecret });
    return { ...door.driver(null), close: () => door.close() };
  }
  if (shareTokenUpstream !== undefined && isTokenKind(kind)) return shareTokenUpstream(name);
  const tokenUpstream = (connect: TokenUpstreamOptions["connect"]): UpstreamDriver =>
    createTokenUpstream({ name, connect, createEngine: options.createTokenEngine, thinkingOf: thinkingSupport, log });
  const { url, slots } = upstream;
  const silenceMs = upstream.silence_seconds * MS_PER_SECOND;
  if (kind === "llama-server") return tokenUpstream((signal) => connectLlamaServer({ url, apiKey, silenceMs, signal }));
  const client = createUpstreamClient({
    url: upstream.url,
    headers: keyHeaders(upstream, apiKey),
    connectMs: upstream.connect_seconds * MS_PER_SECOND,
    connectionsMax: upstream.connections,
  });
  const wholeMs = upstream.reply_seconds * MS_PER_SECOND;
  switch (kind) {
    case "vllm":
      return tokenUpstream((signal) => connectVllm({ client, url, model: null, slots, silenceMs, signal }));
    case "sglang": {
      const { tokenizer_config: tokenizerConfig } = upstream;
      if (tokenizerConfig === null) throw new Error(`upstreams.${name}.tokenizer_config is not set`);
      return tokenUpstream((signal) => connectSglang({ client, url, tokenizerConfig, slots, silenceMs, signal }));
    }
    case "anthropic":
      return createAnthropicUpstream({ client, silenceMs, wholeMs, finishesLeft: upstream.finish_left_replies, clock });
    case "chat-completions":
      return createChatUpstream({
        client,
        silenceMs,
        thinking: upstream.thinking,
        signThinking,
        newToolUseId: () => newId("toolu"),
        clock,
      });
    default:
      kind satisfies never;
      throw new Error("unknown kind");
  }
}

function keyOf(name: string, upstream: UpstreamConfig, env: UpstreamsOptions["env"]): string | null {
  const { api_key: key, api_key_env: variable } = upstream;
  if (variable === null) return key;
  const value = env[variable];
  if (value === undefined || value === "") throw new Error(`upstreams.${name}.api_key_env: ${variable} is not set`);
  return value;
}

function keyHeaders({ kind, auth }: UpstreamConfig, key: string | null): Readonly<Record<string, string>> {
  if (key === null) return {};
  const how = auth ?? (kind === "anthropic" ? "x-api-key" : "bearer");
  return how === "bearer" ? { authorization: `Bearer ${key}` } : { "x-api-key": key };
}

function toPool(name: string, pool: PoolConfig, { upstreams }: RoutesConfig): Pool {
  const standard = isPassedOn(pool, upstreams) ? PASSED_ON_CONTEXT_TOKENS : CHAT_CONTEXT_TOKENS;
  return {
    description: {
      weights: name,
      title: pool.title ?? name,
      contextTokens: pool.context_tokens ?? standard,
      thinking: "native",
    },
    hasOwnContext: pool.context_tokens !== null,
    targets: pool.targets,
    fallbacks: pool.fallbacks,
    queue: { turnsMax: pool.queue_turns, waitMs: pool.queue_seconds * MS_PER_SECOND },
  };
}
