import type { Usage } from "../turn/turn-event.ts";
import type { BucketDemand, BucketStore } from "./bucket-store.ts";
import type { PriorityCommitment } from "./limits-config.ts";
import { toPriorityHeaders } from "./rate-limit-headers.ts";

/** What a turn draws on committed capacity. */
export interface PriorityDraw {
  /** Whether the capacity had room for the whole turn. */
  readonly isTaken: boolean;
  /** The `anthropic-priority-*` headers. */
  readonly headers: Readonly<Record<string, string>>;
  /** Corrects what was taken to what was used; null: the turn used nothing. */
  settle(usage: Usage | null): Promise<void>;
}

/** Draws a turn's input and output from committed capacity, both or neither. */
export async function drawOnPriority(
  store: BucketStore,
  options: {
    readonly organizationId: string;
    readonly modelClass: string;
    readonly commitment: PriorityCommitment;
    readonly inputTokens: number;
    readonly outputTokens: number;
    readonly nowMs: number;
  },
): Promise<PriorityDraw> {
  const { organizationId, modelClass, commitment, nowMs } = options;
  const demandsFor = (inputTokens: number, outputTokens: number): BucketDemand[] => [
    { key: `${organizationId}:${modelClass}:priorityInput`, limitPerMinute: commitment.inputTokens, tokens: inputTokens },
    { key: `${organizationId}:${modelClass}:priorityOutput`, limitPerMinute: commitment.outputTokens, tokens: outputTokens },
  ];
  const held = demandsFor(options.inputTokens, options.outputTokens);
  const { taken, readings } = await store.take(held);
  const [input, output] = readings;
  return {
    isTaken: taken,
    headers: input && output ? toPriorityHeaders(input, output, nowMs) : {},
    async settle(usage) {
      if (!taken) return;
      const used = usage === null ? demandsFor(0, 0) : demandsFor(burnedInput(usage), usage.outputTokens);
      await store.settle(used.map((demand, index) => ({ ...demand, tokens: demand.tokens - (held[index]?.tokens ?? 0) })));
    },
  };
}

/**
 * Input as committed capacity counts it, like its price: cache reads a tenth, cache writes one and a quarter or twice.
 * Source: the platform's page on service tiers. In whole tokens, rounded up.
 */
function burnedInput({ inputTokens, cacheReadTokens, cacheWrite5mTokens, cacheWrite1hTokens }: Usage): number {
  const twentieths = 20 * inputTokens + 2 * cacheReadTokens + 25 * cacheWrite5mTokens + 40 * cacheWrite1hTokens;
  return Math.ceil(twentieths / 20);
}
