import type { Family } from "../render/detect-family.ts";
import {
  DEEPSEEK_CALLS_BEGIN,
  DEEPSEEK_CALLS_END,
  DEEPSEEK_CALL_BEGIN,
  DEEPSEEK_CALL_END,
  DEEPSEEK_SEPARATOR,
} from "./opening.ts";
import type { ReadMarkup } from "./output-scanner.ts";
import { readHarmonyMarkup } from "./harmony-markup.ts";

/** `open` NAME `middle` INPUT `close`. */
export interface CallWriting {
  readonly open: string;
  readonly middle: string;
  readonly close: string;
}

export interface FamilySyntax {
  /** The ways in which the family's models have been trained to write a call; a forced call may use any of them. */
  readonly writings: readonly CallWriting[];
  /** How a call of the family's own form begins, where that form holds several calls. A call that begins otherwise, or
   *  any call where this is null, is a near miss of a model that was not trained to call several tools at once. */
  readonly ownOpening: string | null;
  readonly readMarkup?: ReadMarkup;
}

const DEEPSEEK_OPEN = DEEPSEEK_CALLS_BEGIN + DEEPSEEK_CALL_BEGIN;
const DEEPSEEK_CLOSE = DEEPSEEK_CALL_END + DEEPSEEK_CALLS_END;

export const FAMILIES: Readonly<Record<Family, FamilySyntax>> = {
  hermes: {
    writings: [{ open: '<tool_call>\n{"name": "', middle: '", "arguments": ', close: "}\n</tool_call>" }],
    ownOpening: "<tool_call>",
  },
  llama3: {
    writings: [{ open: '{"name": "', middle: '", "parameters": ', close: "}" }],
    ownOpening: null,
  },
  mistral: {
    // Older templates write an array; since Tekken v13 the name stands in front.
    writings: [
      { open: '[TOOL_CALLS][{"name": "', middle: '", "arguments": ', close: "}]" },
      { open: "[TOOL_CALLS]", middle: "[ARGS]", close: "" },
    ],
    ownOpening: "[TOOL_CALLS]",
  },
  deepseek: {
    // V3 and R1 fence the input; V3.1 does not.
    writings: [
      { open: `${DEEPSEEK_OPEN}function${DEEPSEEK_SEPARATOR}`, middle: "\n```json\n", close: `\n\`\`\`${DEEPSEEK_CLOSE}` },
      { open: DEEPSEEK_OPEN, middle: DEEPSEEK_SEPARATOR, close: DEEPSEEK_CLOSE },
    ],
    ownOpening: "<｜tool",
  },
  gemma: {
    writings: [{ open: '```json\n{"name": "', middle: '", "arguments": ', close: "}\n```" }],
    ownOpening: null,
  },
  harmony: {
    // `<|call|>` ends the generation, so no grammar may ask for it.
    writings: [{ open: "<|channel|>commentary to=functions.", middle: " <|constrain|>json<|message|>", close: "" }],
    ownOpening: "<|",
    readMarkup: readHarmonyMarkup,
  },
  json: {
    writings: [{ open: '{"name": "', middle: '", "arguments": ', close: "}" }],
    ownOpening: null,
  },
};
