import type { EngineSocket } from "./engine-socket.ts";
import { SlotsReply } from "./api.ts";

export interface WatchdogOptions {
  /** A constrained decode that says nothing for so long is looked at. */
  readonly silenceMs: number;
  /** How long the engine then has for answering a question that it answers even while it computes. */
  readonly probeMs: number;
}

export interface GrammarWatchdog extends Disposable {
  /** The decode has said something. */
  heard(): void;
}

/**
 * Watches a decode under a grammar. The engine compiles and applies grammars in its one main loop, where nothing can
 * interrupt it: a bad grammar holds every slot. A slow batch is told from that by asking for the slots' state, which is
 * answered during a batch and not during grammar work. `onStuck` is called once, and has only one remedy: end the engine.
 */
export function watchGrammar(socket: EngineSocket, options: WatchdogOptions, onStuck: () => void): GrammarWatchdog {
  let heardAtMs = performance.now();
  let probing = false;
  const look = async (): Promise<void> => {
    if (probing || performance.now() - heardAtMs < options.silenceMs) return;
    probing = true;
    const signal = AbortSignal.timeout(options.probeMs);
    await socket.call("/slots", SlotsReply, { signal }).catch(() => {
      if (!signal.aborted) return;
      clearInterval(timer);
      onStuck();
    });
    probing = false;
  };
  const timer = setInterval(() => void look(), options.silenceMs / 4);
  timer.unref();
  return {
    heard: () => void (heardAtMs = performance.now()),
    [Symbol.dispose]: () => clearInterval(timer),
  };
}
