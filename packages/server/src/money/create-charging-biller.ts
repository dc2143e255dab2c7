import type { Clock } from "../platform/clock.ts";
import { newId } from "../platform/ids.ts";
import type { Log } from "../platform/log.ts";
import { openSpendAccount, releaseSpend, renewSpendHolds } from "../storage/spend.ts";
import type { Storage } from "../storage/storage.ts";
import type { Bill, Biller, TurnEstimate } from "./biller.ts";
import { computeCost, type Cost } from "./compute-cost.ts";
import { createHoldQueue } from "./hold-queue.ts";
import type { PriceBook } from "./price-book.ts";
import type { Price } from "./prices.ts";
import { toSpendFailure } from "./to-spend-failure.ts";

/** How long money stays held that nobody gave back. Holds of turns that run are renewed. */
const LAPSE_MS = 600_000;

export interface ChargingBillerDeps {
  readonly storage: Storage;
  readonly prices: PriceBook;
  readonly clock: Clock;
  readonly log: Pick<Log, "warn">;
  /** Whether turns draw on credits, or only on what limits allow. */
  readonly isPrepaid: boolean;
  readonly signupNanoUsd: bigint;
  /** The monthly cap that a new organization gets; null: none. */
  readonly capNanoUsd: bigint | null;
  readonly lapseMs?: number;
}

export interface ChargingBiller extends Biller, AsyncDisposable {}

/**
 * A biller that holds the most that a turn may cost before it runs. The ledger charges the turn's row and ends its hold in one
 * transaction. See docs/guides/money-and-usage.md for how far a hold may fall short.
 */
export function createChargingBiller(deps: ChargingBillerDeps): ChargingBiller {
  const { storage, prices, clock, log, isPrepaid, lapseMs = LAPSE_MS } = deps;
  const holder = newId("holder");
  const queueHold = createHoldQueue({ storage, policy: { isPrepaid, holder, lapseMs } });
  /** Accounts that this process knows to be open. */
  const opened = new Map<string, Promise<void>>();
  /** Turns that run. A hold whose end got lost, with its turn or with the database, is not among them and lapses. */
  const running = new Set<string>();
  const renewal = setInterval(() => {
    if (running.size === 0) return;
    renewSpendHolds(storage, [...running], lapseMs).catch((error: unknown) =>
      log.warn({ err: error }, "spend holds were not renewed"),
    );
  }, lapseMs / 3);
  renewal.unref();

  function ensureAccount(organizationId: string): Promise<void> {
    let opening = opened.get(organizationId);
    if (!opening) {
      opening = openSpendAccount(storage, {
        organizationId,
        signup: { id: newId("crgr"), nanoUsd: deps.signupNanoUsd },
        cap: deps.capNanoUsd === null ? null : { id: newId("spl"), nanoUsd: deps.capNanoUsd },
      });
      opened.set(organizationId, opening);
      opening.catch(() => opened.delete(organizationId));
    }
    return opening;
  }

  return {
    async hold(principal, estimate) {
      const price = prices.priceOf(estimate.model, estimate.startedAtMs);
      const nanoUsd = mostOf(price, estimate).total;
      // What costs nothing needs no money, even where none is left.
      let isHeld = nanoUsd > 0n;
      if (isHeld) {
        await ensureAccount(principal.organizationId);
        const { organizationId, workspaceId, apiKeyId, userId = null } = principal;
        const outcome = await queueHold({
          requestId: estimate.requestId,
          organizationId,
          workspaceId,
          apiKeyId,
          userId,
          nanoUsd,
        });
        if (outcome.type !== "held") throw toSpendFailure(outcome, clock.nowMs());
        running.add(estimate.requestId);
      }
      return {
        bill(usage): Bill {
          const { serviceTier, inferenceGeo } = estimate;
          const cost = computeCost(price, {
            usage,
            webSearches: usage.serverToolUse?.webSearchRequests ?? 0,
            serviceTier,
            inferenceGeo,
          });
          return { priceReference: price.reference, cost, isCharged: true };
        },
        settled() {
          isHeld = false;
          running.delete(estimate.requestId);
        },
        async [Symbol.asyncDispose]() {
          if (!isHeld) return;
          isHeld = false;
          running.delete(estimate.requestId);
          await releaseSpend(storage, [estimate.requestId]).catch((error: unknown) =>
            log.warn({ err: error, requestId: estimate.requestId }, "a spend hold was not released; it lapses"),
          );
        },
      };
    },
    async [Symbol.asyncDispose]() {
      clearInterval(renewal);
    },
  };
}

/** The whole prompt at its dearest, as if written to the cache for an hour, and every token that may come. */
function mostOf(price: Price, { inputTokens, outputTokens, webSearches = 0, serviceTier, inferenceGeo }: TurnEstimate): Cost {
  const usage = { inputTokens: 0, cacheReadTokens: 0, cacheWrite5mTokens: 0, cacheWrite1hTokens: inputTokens, outputTokens };
  return computeCost(price, { usage, webSearches, serviceTier, inferenceGeo });
}
