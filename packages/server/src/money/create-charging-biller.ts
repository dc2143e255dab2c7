import { setTimeout as sleep } from "node:timers/promises";
import type { Clock } from "../platform/clock.ts";
import { newId } from "../platform/ids.ts";
import type { Log } from "../platform/log.ts";
import {
  holdSpendAhead,
  type HoldOutcome,
  isSpendHeldAhead,
  openSpendAccount,
  type Payers,
  releaseSpend,
  renewSpendHolds,
  type WantedHold,
} from "../storage/spend.ts";
import type { Storage } from "../storage/storage.ts";
import type { Bill, Biller, TurnEstimate } from "./biller.ts";
import { computeCost, type Cost } from "./compute-cost.ts";
import { createHoldQueue } from "./hold-queue.ts";
import { createHoldReserve, UNUSED_MS } from "./create-hold-reserve.ts";
import { createHoldWatch } from "./create-hold-watch.ts";
import type { PriceBook } from "./price-book.ts";
import type { Price } from "./prices.ts";
import { toSpendFailure } from "./to-spend-failure.ts";

/** How long money stays held that nobody gives back or renews. Holds of turns that run are renewed. */
const LAPSE_MS = 600_000;
/** How often a turn that does not fit asks again while money lies ready for turns that may not come. */
const ASK_AGAIN_MS = 100;

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
  const lookAtHolds = createHoldWatch({ storage, clock, lapseMs });
  let isRenewing = false;
  const reserve = createHoldReserve({
    async hold(wanted, spareNanoUsd) {
      await Promise.all(wanted.map((each) => ensureAccount(each.organizationId)));
      return holdSpendAhead(storage, wanted, { isPrepaid, holder, lapseMs, spareNanoUsd });
    },
    release: (holdIds) => releaseSpend(storage, holdIds),
    clock,
    log,
  });

  async function renew(): Promise<void> {
    // While the database is away one try is enough.
    if (isRenewing) return;
    isRenewing = true;
    try {
      if (running.size > 0) await renewSpendHolds(storage, [...running], lapseMs);
      await lookAtHolds();
    } catch (error) {
      log.warn({ err: error }, "spend holds were not renewed");
    } finally {
      isRenewing = false;
    }
  }
  const renewal = setInterval(() => void renew(), lapseMs / 3);
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

  /** Whether it fits, what lies ready for turns to come left out: a turn that is here goes first. */
  async function holdNow(wanted: WantedHold): Promise<HoldOutcome> {
    const untilMs = clock.monotonicMs() + UNUSED_MS;
    for (;;) {
      const outcome = await queueHold(wanted);
      if (outcome.type === "held" || clock.monotonicMs() >= untilMs) return outcome;
      const payers = sharersOf(outcome, wanted);
      if (await reserve.giveBack(payers)) continue;
      if (!(await isSpendHeldAhead(storage, payers, { lapseMs, withinMs: UNUSED_MS }))) return outcome;
      // Another process has it, and uses it or gives it back.
      await sleep(ASK_AGAIN_MS);
    }
  }

  return {
    async hold(principal, estimate) {
      const price = prices.priceOf(estimate.model, estimate.startedAtMs);
      const { serviceTier, inferenceGeo } = estimate;
      const { organizationId, workspaceId, apiKeyId, userId = null } = principal;
      let heldNanoUsd = 0n;
      /** Of its own or held ahead, and those of further steps; all are ended with the turn's row. */
      let holds: string[] = [];

      /** Holds what is missing to `nanoUsd`. What costs nothing needs no money, even where none is left. */
      async function holdTo(nanoUsd: bigint): Promise<Exclude<HoldOutcome, { type: "held" }> | null> {
        const missing = nanoUsd - heldNanoUsd;
        if (missing <= 0n) return null;
        const payer = { organizationId, workspaceId, apiKeyId, userId };
        // A batch's request may be run twice, and only what is under its own id ends with the row of whichever wins.
        const mayTake = holds.length === 0 && serviceTier !== "batch";
        const ahead = mayTake ? reserve.take(payer, missing) : null;
        if (ahead !== null) {
          keep(ahead.requestId, ahead.nanoUsd);
          return null;
        }
        await ensureAccount(organizationId);
        const requestId = holds.length === 0 ? estimate.requestId : `${estimate.requestId}/${holds.length + 1}`;
        const outcome = await holdNow({ ...payer, requestId, nanoUsd: missing });
        if (outcome.type !== "held") return outcome;
        keep(requestId, missing);
        return null;
      }

      function keep(holdId: string, nanoUsd: bigint): void {
        heldNanoUsd += nanoUsd;
        holds.push(holdId);
        running.add(holdId);
      }

      async function release(requestIds: readonly string[]): Promise<void> {
        holds = [];
        for (const id of requestIds) running.delete(id);
        if (requestIds.length === 0) return;
        await releaseSpend(storage, requestIds).catch((error: unknown) =>
          log.warn({ err: error, requestId: estimate.requestId }, "a spend hold was not released; it lapses"),
        );
      }

      const refused = await holdTo(mostOf(price, estimate).total);
      if (refused) throw toSpendFailure(refused, clock.nowMs());
      return {
        async extend(used, ahead) {
          const usage = { ...used, outputTokens: used.outputTokens + ahead.outputTokens };
          const webSearches = (used.serverToolUse?.webSearchRequests ?? 0) + ahead.webSearches;
          return (await holdTo(computeCost(price, { usage, webSearches, serviceTier, inferenceGeo }).total)) === null;
        },
        bill(usage): Bill {
          const cost = computeCost(price, {
            usage,
            webSearches: usage.serverToolUse?.webSearchRequests ?? 0,
            serviceTier,
            inferenceGeo,
          });
          const bill = { priceReference: price.reference, cost, isCharged: true };
          const holdIds = holds.filter((id) => id !== estimate.requestId);
          return holdIds.length === 0 ? bill : { ...bill, holdIds };
        },
        settled() {
          for (const id of holds) running.delete(id);
          holds = [];
        },
        [Symbol.asyncDispose]: () => release(holds),
      };
    },
    async [Symbol.asyncDispose]() {
      clearInterval(renewal);
      await reserve[Symbol.asyncDispose]();
    },
  };
}

/** Whose money held ahead can stand in the way of a turn that was refused: for a limit of one key, only that key's. */
function sharersOf(refused: Exclude<HoldOutcome, { type: "held" }>, wanted: WantedHold): Payers {
  const { organizationId, workspaceId, apiKeyId, userId } = wanted;
  if (refused.type === "credits") return { organizationId };
  switch (refused.scope) {
    case "organization":
    case "usage_tier":
      return { organizationId };
    case "workspace":
      return { organizationId, workspaceId };
    case "api_key":
      return { organizationId, apiKeyId };
    case "user":
      return { organizationId, userId };
    default:
      refused.scope satisfies never;
      throw new Error("unknown scope");
  }
}

/** The whole prompt at its dearest, as if written to the cache for an hour, and every token that may come. */
function mostOf(price: Price, { inputTokens, outputTokens, webSearches = 0, serviceTier, inferenceGeo }: TurnEstimate): Cost {
  const usage = { inputTokens: 0, cacheReadTokens: 0, cacheWrite5mTokens: 0, cacheWrite1hTokens: inputTokens, outputTokens };
  return computeCost(price, { usage, webSearches, serviceTier, inferenceGeo });
}
