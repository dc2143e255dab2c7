import type { TurnMessage } from "../../../turn/turn.ts";

/** Longer than the tags in which clients hand a model what is not the question. */
const TAG_MAX_CHARACTERS = 40;

/**
 * Holds the first characters of a reply until they are seen to be no tag of the user's messages: a weak model that
 * begins its answer with one (`<system-reminder>`) goes on to copy the message.
 */
export class FirstText {
  /** Null: the beginning is over. */
  #held: string | null = "";
  readonly #messages: readonly TurnMessage[];

  /** No messages: nothing is held. */
  constructor(messages: readonly TurnMessage[]) {
    this.#messages = messages;
    if (messages.length === 0) this.#held = null;
  }

  /** What may be shown; null where the reply begins with a tag of the user's. */
  push(text: string): string | null {
    if (this.#held === null) return text;
    this.#held += text;
    const begun = this.#held.trimStart();
    if (begun === "" || (begun.startsWith("<") && !begun.includes(">") && begun.length < TAG_MAX_CHARACTERS)) return "";
    const tag = /^<[a-z][\w-]*>/.exec(begun)?.[0];
    return tag !== undefined && this.#messages.some((message) => isUsers(message, tag)) ? null : this.release();
  }

  /** What is held, which no longer is. */
  release(): string {
    const held = this.#held ?? "";
    this.#held = null;
    return held;
  }
}

function isUsers({ role, content }: TurnMessage, tag: string): boolean {
  return role === "user" && content.some((block) => block.type === "text" && block.text.includes(tag));
}
