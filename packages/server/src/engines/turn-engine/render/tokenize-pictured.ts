import type { Picture } from "../../../turn/turn.ts";
import type { PromptPart } from "../../backend.ts";
import type { PlacedRun } from "./boundaries.ts";
import { pictureTokens } from "./picture-tokens.ts";
import { createSpellingBreaker } from "./plain-text.ts";
import type { PromptRun } from "./prompt-runs.ts";

export interface PicturedTokens {
  readonly tokens: readonly number[];
  readonly placed: readonly PlacedRun[];
  readonly pictured: readonly PromptPart[];
}

interface Written {
  readonly text: string;
  readonly parts: readonly number[];
}

interface Tokenizing {
  /** Of a whole text, spellings of special tokens read as such: as an engine does with what stands between pictures. */
  readonly tokenize: (text: string) => Promise<readonly number[]>;
  readonly countPicture: (picture: Picture) => Promise<number>;
  readonly special: readonly string[];
  /** Where the engine puts one in front of every prompt. */
  readonly bos: { readonly token: number; readonly text: string } | null;
}

/**
 * The tokens of a prompt with pictures. An engine takes such a prompt as text, and tokenizes what stands between two pictures in one
 * piece; so here too, and a run ends where a token does that no run shares with the next.
 */
export async function tokenizePictured(runs: readonly PromptRun[], deps: Tokenizing): Promise<PicturedTokens> {
  const tokens: number[] = [];
  const placed: PlacedRun[] = [];
  const pictured: PromptPart[] = [];
  const add = (made: readonly number[], parts: readonly number[], part: PromptPart): void => {
    for (const token of made) tokens.push(token);
    placed.push({ tokenCount: made.length, parts });
    pictured.push(part);
  };

  let between: Written[] = [];
  async function flush(): Promise<void> {
    for (const { made, text, parts } of await tokenizeTogether(between, deps)) add(made, parts, { tokens: made.length, text });
    between = [];
  }

  const { bos } = deps;
  const writtenRuns = toPlainRuns(runs, deps.special);
  const first = writtenRuns[0];
  if (bos !== null && !(first !== undefined && "text" in first && first.text.startsWith(bos.text))) {
    add([bos.token], [], { tokens: 1, text: bos.text });
  }
  for (const run of writtenRuns) {
    if ("text" in run) {
      between.push(run);
      continue;
    }
    await flush();
    const made = pictureTokens(run.picture, await deps.countPicture(run.picture));
    add(made, run.parts, { tokens: made.length, picture: run.picture });
  }
  await flush();
  return { tokens, placed, pictured };
}

/** Runs in which nothing of the conversation spells a special token, be it across several of them. */
function toPlainRuns(
  runs: readonly PromptRun[],
  special: readonly string[],
): readonly (Written | { readonly picture: Picture; readonly parts: readonly number[] })[] {
  const breaker = createSpellingBreaker(special);
  return runs.map((run) => {
    if (run.kind === "tokens") throw new Error("a prompt with pictures replays nothing");
    if (run.kind === "picture" || run.special) {
      breaker.begin();
      return run.kind === "picture" ? run : { text: run.text.toWellFormed(), parts: run.parts };
    }
    return { text: breaker.write(run.text.toWellFormed()), parts: run.parts };
  });
}

interface Tokenized extends Written {
  readonly made: readonly number[];
}

async function tokenizeTogether(runs: readonly Written[], { tokenize }: Tokenizing): Promise<readonly Tokenized[]> {
  if (runs.length === 0) return [];
  const whole = await tokenize(runs.map(({ text }) => text).join(""));
  const alone = await Promise.all(runs.map(({ text }) => tokenize(text)));
  const ended: Tokenized[] = [];
  let position = 0;
  let group: Written[] = [];
  for (const [index, run] of runs.entries()) {
    group.push(run);
    const end = await endOf(index);
    if (end === null) continue;
    const parts = [...new Set(group.flatMap(({ parts: own }) => own))];
    ended.push({ text: group.map(({ text }) => text).join(""), parts, made: whole.slice(position, end) });
    position = end;
    group = [];
  }
  return ended;

  /** Where the run of that index ends among the tokens of all; null where one of them belongs to the next run, too. */
  async function endOf(index: number): Promise<number | null> {
    if (index === runs.length - 1) return whole.length;
    const own = group.length === 1 ? alone[index] : undefined;
    if (own !== undefined && holds(own, position)) return position + own.length;
    const all = await tokenize(
      runs
        .slice(0, index + 1)
        .map(({ text }) => text)
        .join(""),
    );
    return all.length >= position && holds(all, 0) ? all.length : null;
  }

  function holds(part: readonly number[], at: number): boolean {
    return part.every((token, offset) => whole[at + offset] === token);
  }
}
