import type { Clock } from "../../platform/clock.ts";
import type { TokenBackend } from "../backend.ts";
import { type SlotScheduler, createSlotScheduler } from "./cache/slot-scheduler.ts";
import { createPromptRenderer } from "./render/create-prompt-renderer.ts";
import { detectFamily } from "./render/detect-family.ts";
import type { ReplayStore } from "./render/replay-store.ts";
import type { PromptRenderer } from "./render/rendered-prompt.ts";
import { thinkingSupport } from "./render/thinking-support.ts";
import { createToolSyntax } from "./syntax/create-tool-syntax.ts";
import type { ToolSyntax } from "./syntax/tool-syntax.ts";
import { createTokenMeter, type TokenMeter } from "./token-meter.ts";
import { type ToolFit, createToolFit } from "./tool-decision/tool-fit.ts";

/** What belongs to one loaded model: its renderer, its tool syntax and the queue for its slots. */
export interface ModelRuntime {
  readonly weights: string;
  readonly meter: TokenMeter;
  readonly renderer: PromptRenderer;
  readonly scheduler: SlotScheduler;
  readonly syntax: ToolSyntax;
  readonly toolFit: ToolFit;
  /** The weights were trained to think inside tags. */
  readonly thinkingNative: boolean;
}

export function createModelRuntime(
  backend: TokenBackend,
  weights: string,
  deps: { readonly replays: ReplayStore; readonly clock: Clock; readonly scratchFolder: string },
): ModelRuntime {
  const { model } = backend;
  const family = detectFamily(model.chatTemplate, model.architecture);
  const renderer = createPromptRenderer({
    model,
    tokenize: (text, options) => backend.tokenize(text, options),
    replays: deps.replays,
    vision: backend.vision,
  });
  return {
    weights,
    meter: createTokenMeter({ monotonicMs: () => deps.clock.monotonicMs() }),
    renderer,
    toolFit: createToolFit({ backend, renderer, folder: deps.scratchFolder }),
    scheduler: createSlotScheduler({ slots: backend.slots, clock: deps.clock }),
    syntax: createToolSyntax(family),
    thinkingNative: thinkingSupport(model.chatTemplate) === "native",
  };
}
