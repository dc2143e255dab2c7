import { offeredTools } from "../../../turn/offered-tools.ts";
import type { ToolSpec, Turn } from "../../../turn/turn.ts";
import { grounding } from "./grounding.ts";
import { type KnownCall, answeredCalls } from "./known-calls.ts";
import { type ToolGate, freshRequest, isGated, isStray, judgeCall, judgeFit, runningTask } from "./tool-gate.ts";

interface Gate {
  readonly weights: ToolGate;
  fit(tools: readonly ToolSpec[], request: string): Promise<readonly number[] | null>;
}

/** Judges the calls that a weak model begins in one reply, before a client sees them. Judges nothing where `gate` is null. */
export class CallJudge {
  /** The text of a request that opens a task; null for any other turn. */
  readonly request: string | null;
  /** Calls whose results have just come. */
  readonly answered: readonly KnownCall[];
  readonly #turn: Turn;
  readonly #gate: Gate | null;
  /** Whether a first call has to fit the request. */
  readonly #gated: boolean;
  #undecidedFit: number | null = null;

  /** `chosen`: the model itself chose to call. */
  constructor(turn: Turn, gate: Gate | null, chosen: boolean) {
    this.#turn = turn;
    this.#gate = gate;
    this.#gated = chosen && isGated(turn);
    this.request = freshRequest(turn);
    this.answered = chosen && gate !== null ? answeredCalls(turn) : [];
  }

  /** The values of the call that is under way have to decide. */
  get undecided(): boolean {
    return this.#undecidedFit !== null;
  }

  /** The call is made, or taken back. */
  decided(): void {
    this.#undecidedFit = null;
  }

  /** Whether a first call that has begun is made, as far as its tool tells; `tools`: those that it may be to. */
  async fits(tools: readonly ToolSpec[]): Promise<boolean> {
    if (this.#gate === null || !this.#gated || this.request === null) return true;
    const fits = await this.#gate.fit(tools, this.request);
    if (fits === null) return true;
    const fit = Math.max(...fits);
    const verdict = judgeFit(this.#gate.weights, fit);
    this.#undecidedFit = verdict === "by-values" ? fit : null;
    return verdict !== "text";
  }

  /** Whether the model, which has just been answered by the tool that the task is about, turns to another tool. */
  async strays(tool: ToolSpec): Promise<boolean> {
    const task = this.answered.length === 0 ? null : runningTask(this.#turn);
    if (this.#gate === null || task === null || task.called.includes(tool.name)) return false;
    const called = offeredTools(this.#turn).filter(({ name }) => this.answered.some((known) => known.name === name));
    const fits = await this.#gate.fit([...called, tool], task.request);
    return fits !== null && isStray(fits.slice(0, -1), fits.at(-1) ?? 0);
  }

  /** Whether the call is made, now that its values are known. */
  valuesFit(input: Readonly<Record<string, unknown>>): boolean {
    if (this.#gate === null || this.#undecidedFit === null || this.request === null) return true;
    return judgeCall(this.#gate.weights, this.#undecidedFit, grounding(input, this.request)) === "call";
  }
}
