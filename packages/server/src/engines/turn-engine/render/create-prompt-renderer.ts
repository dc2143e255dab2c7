import { createSizedCache, ENTRY_WEIGHT } from "../../../platform/sized-cache.ts";
import { fail } from "../../../platform/fail.ts";
import type { Picture, Turn } from "../../../turn/turn.ts";
import type { BackendModel, BackendVision } from "../../backend.ts";
import { keepSpellingsText } from "./plain-text.ts";
import { placeBoundaries } from "./boundaries.ts";
import { type ChatTemplate, compileChatTemplate } from "./chat-template.ts";
import { detectFamily } from "./detect-family.ts";
import { foldMessages } from "./fold-messages.ts";
import { hashParts, replayKey } from "./hashes.ts";
import { createHeadReader } from "./head.ts";
import { listParts } from "./logical-parts.ts";
import type { PromptRun } from "./prompt-runs.ts";
import type { PromptRenderer, RenderedPrompt } from "./rendered-prompt.ts";
import type { ReplayStore } from "./replay-store.ts";
import { PLAIN_ANSWER, USER } from "./step-shape.ts";
import { thinkingMarkup } from "./thinking-markup.ts";
import { thinkingSupport } from "./thinking-support.ts";
import { probeTemplate, type TemplateProfile } from "./template-profile.ts";
import { memoizeTokenize, type Tokenize } from "./token-memo.ts";
import { nameOfPicture } from "./picture-tokens.ts";
import { tokenizePictured } from "./tokenize-pictured.ts";
import { writeTurn } from "./write-turn.ts";

export interface PromptRendererOptions {
  readonly model: BackendModel;
  readonly tokenize: Tokenize;
  readonly replays: ReplayStore;
  /** Absent where the model sees nothing. */
  readonly vision?: BackendVision | undefined;
}

/** Some hundred conversations of the size of Claude Code's first turn. */
const MEMO_CHARACTERS = 8_000_000;
/** Some thousand pictures' names with their counts. */
const PICTURES_WEIGHT = 1_000_000;

/** Renders with the model's own chat template, which is compiled and probed here, once. */
export function createPromptRenderer({ model, tokenize: tokenizeOnce, replays, vision }: PromptRendererOptions): PromptRenderer {
  const { template, profile } = usableTemplate(model);
  const tokenize = memoizeTokenize(keepSpellingsText(tokenizeOnce, [...model.specialTokens.keys()]), MEMO_CHARACTERS);
  const family = detectFamily(template.source, model.architecture);
  const thinking = thinkingSupport(template.source) === "native" ? thinkingMarkup(family) : null;
  const special = [...model.specialTokens.keys()].filter((spelling) => spelling.length > 1);
  const endSpellings = special.filter((spelling) => model.endTokens.includes(model.specialTokens.get(spelling) ?? -1));
  const readHead = createHeadReader(template, profile, special);
  const tokenizeAsEngine = memoizeTokenize(tokenizeOnce, MEMO_CHARACTERS);
  const countPicture = memoizePictures(vision);
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

  async function tokensOf(run: PromptRun, workspaceId: string): Promise<readonly number[]> {
    if (run.kind === "picture") throw new Error("a picture has no tokens of its own");
    return run.kind === "tokens" ? run.tokens : tokenize(run.text, { special: run.special, workspaceId });
  }

  /** The engine tokenizes a prompt with pictures itself, so its tokens are asked for as it will make them. */
  async function renderPictured(turn: Turn): Promise<RenderedPrompt> {
    const parts = listParts(turn);
    // Of a replay only the tokens are known, not a text that the engine would read as these.
    const steps = foldMessages(turn, { parts, profile, family, replays: new Map() });
    const { runs, insideThought } = writeTurn(turn, steps, { parts, profile, family, thinking, readHead, endSpellings });
    const { workspaceId } = turn;
    const written = await tokenizePictured(runs, {
      tokenize: (text) => tokenizeAsEngine(text, { special: true, workspaceId }),
      countPicture: (picture) => countPicture(picture, workspaceId),
      special,
      bos: model.addBos && bos !== undefined && model.bosToken !== null ? { token: bos, text: model.bosToken } : null,
    });
    return {
      tokens: written.tokens,
      pictured: written.pictured,
      insideThought,
      boundaries: placeBoundaries(written.placed, parts.parts),
      partHashes: hashParts(turn, model.fingerprint),
    };
  }

  return {
    async render(turn) {
      if (holdsPictures(turn)) return renderPictured(turn);
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

function holdsPictures({ messages }: Turn): boolean {
  return messages.some(
    ({ role, content }) =>
      role === "user" &&
      content.some((block) =>
        block.type === "tool_result"
          ? block.content.some((inner) => inner.type === "image" && inner.picture !== undefined)
          : block.type === "image" && block.picture !== undefined,
      ),
  );
}

/** Remembers what pictures take, for each workspace apart: a conversation brings them again with every turn. */
function memoizePictures(vision: BackendVision | undefined) {
  const known = createSizedCache<Promise<number>>({
    maxWeight: PICTURES_WEIGHT,
    weigh: (_count, key) => key.length + ENTRY_WEIGHT,
  });
  return (picture: Picture, workspaceId: string): Promise<number> => {
    if (vision === undefined) {
      throw fail("api_error", {
        public: "The model cannot be shown pictures at the moment.",
        internal: "the request was let through as for a model that sees, and its engine shows none",
      });
    }
    const key = `${workspaceId} ${nameOfPicture(picture)}`;
    const counted = known.get(key) ?? vision.countTokens(picture);
    known.set(key, counted);
    counted.catch(() => known.delete(key));
    return counted;
  };
}
