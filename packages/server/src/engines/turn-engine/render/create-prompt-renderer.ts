import type { Turn } from "../../../turn/turn.ts";
import type { BackendModel } from "../../backend.ts";
import { keepSpellingsText } from "./plain-text.ts";
import { placeBoundaries } from "./boundaries.ts";
import { type ChatTemplate, compileChatTemplate } from "./chat-template.ts";
import { detectFamily } from "./detect-family.ts";
import { foldMessages } from "./fold-messages.ts";
import { hashParts, replayKey } from "./hashes.ts";
import { createHeadReader } from "./head.ts";
import { listParts } from "./logical-parts.ts";
import type { PromptRun } from "./prompt-runs.ts";
import type { PromptRenderer } from "./rendered-prompt.ts";
import type { ReplayStore } from "./replay-store.ts";
import { PLAIN_ANSWER, USER } from "./step-shape.ts";
import { thinkingMarkup } from "./thinking-markup.ts";
import { thinkingSupport } from "./thinking-support.ts";
import { probeTemplate, type TemplateProfile } from "./template-profile.ts";
import { memoizeTokenize, type Tokenize } from "./token-memo.ts";
import { writeTurn } from "./write-turn.ts";

export interface PromptRendererOptions {
  readonly model: BackendModel;
  readonly tokenize: Tokenize;
  readonly replays: ReplayStore;
}

/** Some hundred conversations of the size of Claude Code's first turn. */
const MEMO_CHARACTERS = 8_000_000;

/** Renders with the model's own chat template, which is compiled and probed here, once. */
export function createPromptRenderer({ model, tokenize: tokenizeOnce, replays }: PromptRendererOptions): PromptRenderer {
  const { template, profile } = usableTemplate(model);
  const tokenize = memoizeTokenize(keepSpellingsText(tokenizeOnce, [...model.specialTokens.keys()]), MEMO_CHARACTERS);
  const family = detectFamily(template.source, model.architecture);
  const thinking = thinkingSupport(template.source) === "native" ? thinkingMarkup(family) : null;
  const special = [...model.specialTokens.keys()].filter((spelling) => spelling.length > 1);
  const endSpellings = special.filter((spelling) => model.endTokens.includes(model.specialTokens.get(spelling) ?? -1));
  const readHead = createHeadReader(template, profile, special);
  const bos = model.bosToken === null ? undefined : model.specialTokens.get(model.bosToken);

  async function findReplays(turn: Turn): Promise<ReadonlyMap<number, readonly number[]>> {
    const found = await Promise.all(
      turn.messages.map(async (message, index) => {
        if (message.role !== "assistant") return null;
        const tokens = await replays.get(replayKey(turn.workspaceId, model.fingerprint, message.content));
        return tokens === null ? null : ([index, tokens] as const);
      }),
    );
    return new Map(found.filter((entry) => entry !== null));
  }

  const tokensOf = (run: PromptRun, workspaceId: string): Promise<readonly number[]> =>
    run.kind === "tokens" ? Promise.resolve(run.tokens) : tokenize(run.text, { special: run.special, workspaceId });

  return {
    async render(turn) {
      const parts = listParts(turn);
      const steps = foldMessages(turn, { parts, profile, family, replays: await findReplays(turn) });
      const { runs, insideThought } = writeTurn(turn, steps, { parts, profile, family, thinking, readHead, endSpellings });
      const tokenized = await Promise.all(runs.map((run) => tokensOf(run, turn.workspaceId)));
      const needsBos = model.addBos && bos !== undefined && tokenized.find((run) => run.length > 0)?.[0] !== bos;
      const tokens: number[] = needsBos ? [bos] : [];
      const placed = runs.map((run, index) => ({ tokenCount: tokenized[index]?.length ?? 0, parts: run.parts }));
      for (const run of tokenized) for (const token of run) tokens.push(token);
      return {
        tokens,
        insideThought,
        boundaries: placeBoundaries(needsBos ? [{ tokenCount: 1, parts: [] }, ...placed] : placed, parts.parts),
        partHashes: hashParts(turn, model.fingerprint),
      };
    },
    remember(workspaceId, reply, tokens) {
      const end = tokens.findLastIndex((token) => !model.endTokens.includes(token)) + 1;
      if (end > 0) replays.put(replayKey(workspaceId, model.fingerprint, reply), tokens.slice(0, end));
    },
  };
}

/** The model's template, or a plain one where it has none or not even a question and an answer come out of it. */
function usableTemplate(model: BackendModel): { readonly template: ChatTemplate; readonly profile: TemplateProfile } {
  const template = compileChatTemplate(model);
  const profile = probeTemplate(template);
  const { seams } = profile;
  const answer = { kind: "assistant", shape: PLAIN_ANSWER } as const;
  const works =
    seams.between(USER, answer) !== null &&
    seams.between(answer, USER) !== null &&
    seams.generation(USER, { thinking: false, effort: null }) !== null;
  if (works || model.chatTemplate === null) return { template, profile };
  return usableTemplate({ ...model, chatTemplate: null });
}
