import type { Citation } from "../../turn/citation.ts";
import type { BlockStart, TurnEvent } from "../../turn/turn-event.ts";
import type { AssistantBlock } from "../../turn/turn.ts";

/**
 * Numbers the blocks of one reply, makes sure that each is opened once and that two are never open together, and keeps
 * the content as the client will send it back.
 */
export class BlockWriter {
  #index = -1;
  #open: BlockStart["type"] | null = null;
  readonly #content: AssistantBlock[] = [];
  readonly #outputTokens: () => number;

  /** `outputTokens` counts the reply's tokens so far; each delta carries it, for the account of a turn that breaks off. */
  constructor(outputTokens: () => number) {
    this.#outputTokens = outputTokens;
  }

  get open(): BlockStart["type"] | null {
    return this.#open;
  }

  /** The finished blocks, and the text or thinking block that is still open. */
  get content(): readonly AssistantBlock[] {
    return this.#content;
  }

  *text(text: string): Generator<TurnEvent, void, void> {
    if (text === "") return;
    if (this.#open !== "text") {
      yield* this.#start({ type: "text" });
      this.#content.push({ type: "text", text: "" });
    }
    const last = this.#content.at(-1);
    if (last?.type === "text") this.#content[this.#content.length - 1] = { ...last, text: last.text + text };
    yield { type: "text-delta", index: this.#index, text, outputTokens: this.#outputTokens() };
  }

  /** A block of its own for words that rest on a document. */
  *citedText(text: string, citation: Citation): Generator<TurnEvent, void, void> {
    yield* this.#start({ type: "text", cited: true });
    this.#content.push({ type: "text", text });
    yield { type: "text-delta", index: this.#index, text, outputTokens: this.#outputTokens() };
    yield { type: "citation", index: this.#index, citation };
    yield* this.stop();
  }

  *thinking(thinking: string): Generator<TurnEvent, void, void> {
    if (thinking === "") return;
    if (this.#open !== "thinking") yield* this.#start({ type: "thinking" });
    yield { type: "thinking-delta", index: this.#index, thinking, outputTokens: this.#outputTokens() };
  }

  *stopThinking(thinking: string, signature: string): Generator<TurnEvent, void, void> {
    if (this.#open !== "thinking") return;
    this.#content.push({ type: "thinking", thinking, signature });
    yield { type: "signature-delta", index: this.#index, signature };
    yield* this.stop();
  }

  *toolUse(id: string, name: string): Generator<TurnEvent, void, void> {
    yield* this.#start({ type: "tool_use", id, name });
  }

  *inputJson(partialJson: string): Generator<TurnEvent, void, void> {
    if (partialJson === "") return;
    yield { type: "input-json-delta", index: this.#index, partialJson, outputTokens: this.#outputTokens() };
  }

  *stopToolUse(id: string, name: string, input: Readonly<Record<string, unknown>>): Generator<TurnEvent, void, void> {
    this.#content.push({ type: "tool_use", id, name, input });
    yield* this.stop();
  }

  *stop(): Generator<TurnEvent, void, void> {
    if (this.#open === null) return;
    this.#open = null;
    yield { type: "block-stop", index: this.#index };
  }

  *#start(block: BlockStart): Generator<TurnEvent, void, void> {
    yield* this.stop();
    this.#index += 1;
    this.#open = block.type;
    yield { type: "block-start", index: this.#index, block };
  }
}
