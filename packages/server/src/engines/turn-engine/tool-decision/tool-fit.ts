import { randomUUID } from "node:crypto";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { ToolSpec, Turn, TurnMessage } from "../../../turn/turn.ts";
import { BackendGone, type DecodeRequest, type TokenBackend, type TokenLogprob } from "../../backend.ts";
import type { SlotLease } from "../cache/slot-scheduler.ts";
import { GREEDY } from "../samplers.ts";
import type { PromptRenderer } from "../render/rendered-prompt.ts";

interface Question {
  readonly tools: readonly ToolSpec[];
  readonly request: string;
}

/** Whose question it is. */
type Trace = Pick<DecodeRequest, "traceparent">;

/** Asks a model, apart from the conversation, whether a tool can do what a request asks. */
export interface ToolFit {
  /**
   * For each tool the logarithm of the odds of Yes against No. Uses the turn's own slot: what it holds (`tokens`) is saved before and
   * restored behind. Null: that could not be saved, and nothing was asked.
   */
  ask(
    question: Question,
    slot: { readonly lease: SlotLease; readonly tokens: readonly number[]; readonly trace: Trace },
    signal: AbortSignal,
  ): Promise<readonly number[] | null>;
}

const SYSTEM = "You judge whether a function can do what a request asks. Answer Yes or No.";

/** Function, request, verdict. The order function-then-request matters: the other way round judges worse. */
const SHOTS: readonly (readonly [string, string, "Yes" | "No"])[] = [
  ["get_weather(city, date): Forecast for a city on a day.", "Will it rain in Oslo tomorrow?", "Yes"],
  ["get_weather(city, date): Forecast for a city on a day.", "Who painted the Mona Lisa?", "No"],
  [
    "convert_length(value, from_unit, to_unit): Convert a length from one unit to another.",
    "How heavy is a bag of 3 kg in pounds?",
    "No",
  ],
  ["send_email(to, subject, body): Send an email to a person.", "Tell anna@example.org that I will be late.", "Yes"],
  ["book_flight(origin, destination, date): Book a seat on a flight.", "How far is it from Paris to Rome?", "No"],
  ["stock_price(symbol): Current price of a stock.", "How much is a share of Nokia?", "Yes"],
];

/** An agent's tools bring pages of rules; what one does stands at the beginning. */
const DESCRIPTION_MAX_CHARACTERS = 300;
/** Alternatives that are looked at for a Yes and a No. */
const TOP_LOGPROBS = 20;

/** `folder` holds the slots' content for the time of a question, and the shots as long as the model is loaded. */
export function createToolFit(deps: {
  readonly backend: TokenBackend;
  readonly renderer: Pick<PromptRenderer, "render">;
  readonly folder: string;
}): ToolFit {
  const { backend, renderer, folder } = deps;
  const shotsFile = join(folder, `${randomUUID()}.shots`);
  let shots: "none" | "saving" | "saved" = "none";
  const spellings = new Map<number, string>();
  void backend.gone.then(() => rm(shotsFile, { force: true })).catch(() => {});

  async function spell({ token }: TokenLogprob): Promise<string> {
    const known = spellings.get(token);
    if (known !== undefined) return known;
    const text = (await backend.detokenize([token])).trim().toLowerCase();
    spellings.set(token, text);
    return text;
  }

  async function odds(logprobs: readonly TokenLogprob[]): Promise<number> {
    const sums = { yes: 0, no: 0 };
    for (const each of logprobs) {
      const word = await spell(each);
      if (word === "yes" || word === "no") sums[word] += Math.exp(each.logprob);
    }
    const least = Math.exp(Math.min(0, ...logprobs.map(({ logprob }) => logprob)));
    return Math.log(Math.max(sums.yes, least)) - Math.log(Math.max(sums.no, least));
  }

  async function compute(
    request: Pick<DecodeRequest, "slot" | "tokens" | "maxTokens" | "traceparent">,
    signal: AbortSignal,
  ): Promise<readonly TokenLogprob[]> {
    const decode = backend.decode(
      { ...request, reusePrefix: true, sampler: GREEDY, grammar: null, topLogprobs: TOP_LOGPROBS },
      signal,
    );
    let logprobs: readonly TokenLogprob[] = [];
    for await (const event of decode) {
      if (event.type === "tokens" && event.logprobs !== null && logprobs.length === 0) logprobs = event.logprobs;
    }
    return logprobs;
  }

  /** False where the disk does not take it. */
  async function save(slot: number, file: string): Promise<boolean> {
    try {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      await backend.saveSlot(slot, file);
      return true;
    } catch (error) {
      if (error instanceof BackendGone) throw error;
      return false;
    }
  }

  /** Computes the shots and keeps them for later questions. One turn does so at a time; others compute them for themselves. */
  async function keepShots(slot: number, tokens: readonly number[], trace: Trace, signal: AbortSignal): Promise<void> {
    shots = "saving";
    let saved = false;
    try {
      await compute({ slot, tokens, maxTokens: 0, ...trace }, signal);
      saved = await save(slot, shotsFile);
    } finally {
      shots = saved ? "saved" : "none";
    }
  }

  async function judge(asked: Question, slot: number, trace: Trace, signal: AbortSignal): Promise<readonly number[]> {
    const fits: number[] = [];
    for (const tool of asked.tools) {
      const { tokens, boundaries } = await renderer.render(question(tool, asked.request));
      if (shots === "saved" && tool === asked.tools[0]) await backend.restoreSlot(slot, shotsFile);
      else if (shots === "none") {
        await keepShots(slot, tokens.slice(0, boundaries.find(({ path }) => path === LAST_SHOT)?.position ?? 0), trace, signal);
      }
      fits.push(await odds(await compute({ slot, tokens, maxTokens: 1, ...trace }, signal)));
    }
    return fits;
  }

  return {
    async ask(asked, { lease, tokens: held, trace }, signal) {
      const own = join(folder, `${randomUUID()}.slot`);
      try {
        if (!(await save(lease.slot, own))) return null;
        lease.setResident([]);
        try {
          return await judge(asked, lease.slot, trace, signal);
        } finally {
          if (!signal.aborted && (await backend.restoreSlot(lease.slot, own))) lease.setResident(held);
        }
      } finally {
        await rm(own, { force: true });
      }
    },
  };
}

const LAST_SHOT = `messages.${SHOTS.length * 2 - 1}.content.0`;

function question(tool: ToolSpec, request: string): Turn {
  const properties = tool.inputSchema["properties"];
  const parameters = typeof properties === "object" && properties !== null ? Object.keys(properties).join(", ") : "";
  const shots = SHOTS.flatMap(([about, asked, verdict]): TurnMessage[] => [
    { role: "user", content: [{ type: "text", text: `Function: ${about}\nRequest: ${asked}` }] },
    { role: "assistant", content: [{ type: "text", text: verdict }] },
  ]);
  const about = `${tool.name}(${parameters}): ${(tool.description ?? "").trim().slice(0, DESCRIPTION_MAX_CHARACTERS)}`;
  return {
    requestId: "",
    workspaceId: "",
    weights: "",
    system: [{ type: "text", text: SYSTEM }],
    messages: [...shots, { role: "user", content: [{ type: "text", text: `Function: ${about}\nRequest: ${request}` }] }],
    tools: [],
    toolChoice: { type: "none" },
    thinking: { type: "disabled" },
    effort: null,
    outputSchema: null,
    sampling: { temperature: 0, topP: null, topK: null },
    stopSequences: [],
    maxTokens: 1,
    contextOverflow: "stop",
    automaticCacheTtl: null,
    minimumCacheTokens: 0,
    affinity: { sessionId: null, agentId: null },
    priority: "standard",
    previousMessageId: null,
    messageId: "",
  };
}
