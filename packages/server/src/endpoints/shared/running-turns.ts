import type { EndpointRequest } from "../define-endpoint.ts";
import type { TurnEvent } from "../../turn/turn-event.ts";
import { type Broadcast, createBroadcast } from "./broadcast.ts";

/** A turn that more than one request may read. */
export interface SharedTurn<Context = unknown> {
  /** The request that began it; its ledger row has this id. */
  readonly requestId: string;
  readonly events: Broadcast<TurnEvent>;
  /** What a reply needs besides the events. */
  readonly context: Context;
}

/** The turns under way in this process, so that a re-sent request can find its own, and a shutdown can await them. */
export interface RunningTurns {
  /** Begins a turn; `identity` is what an identical request has too. It is forgotten when the turn ends. */
  begin<Context>(turn: BeginTurn<Context>): SharedTurn<Context>;
  /** The turn that an identical request began, if it can still be read from its beginning. */
  find(identity: string): SharedTurn | undefined;
  /** Resolves when no turn is under way, its accounting included. */
  idle(): Promise<void>;
}

export interface BeginTurn<Context> {
  readonly identity: string;
  readonly requestId: string;
  readonly context: Context;
  readonly produce: (signal: AbortSignal) => AsyncIterable<TurnEvent>;
}

/** A reply of 30,000 tokens in single deltas stays below it. */
const KEPT_MAX_BYTES = 4 * 1024 * 1024;
const EVENT_BYTES = 96;
/** Events that the engine may run ahead of the slowest client, about a minute at 20 tokens/s. */
const LEAD_MAX_EVENTS = 1024;

export function createRunningTurns(): RunningTurns {
  const byIdentity = new Map<string, SharedTurn>();
  const underWay = new Set<Promise<void>>();

  function begin<Context>({ identity, requestId, context, produce }: BeginTurn<Context>): SharedTurn<Context> {
    const events = createBroadcast({ produce, weigh: weighEvent, keptMax: KEPT_MAX_BYTES, leadMax: LEAD_MAX_EVENTS });
    const turn: SharedTurn<Context> = { requestId, events, context };
    byIdentity.set(identity, turn);
    underWay.add(events.settled);
    void events.settled.then(() => {
      underWay.delete(events.settled);
      // Of two identical requests that were not joined, the later one holds the place.
      if (byIdentity.get(identity) === turn) byIdentity.delete(identity);
    });
    return turn;
  }

  return {
    begin,
    find(identity) {
      const turn = byIdentity.get(identity);
      return turn?.events.isJoinable() ? turn : undefined;
    },
    async idle() {
      while (underWay.size > 0) await Promise.all(underWay);
    },
  };
}

function weighEvent(event: TurnEvent): number {
  if (event.type === "text-delta") return EVENT_BYTES + event.text.length;
  if (event.type === "thinking-delta") return EVENT_BYTES + event.thinking.length;
  if (event.type === "input-json-delta") return EVENT_BYTES + event.partialJson.length;
  if (event.type === "wire") return event.events.reduce((sum, { json }) => sum + EVENT_BYTES + json.length, 0);
  if (event.type === "block-start" && event.block.type === "server_tool_result") {
    return EVENT_BYTES + JSON.stringify(event.block.block).length;
  }
  return EVENT_BYTES;
}

/** How often a client of the official SDKs has sent this request before. */
export function retryCount(request: Pick<EndpointRequest, "headers">): number {
  const value = Number(request.headers["x-stainless-retry-count"]);
  return Number.isInteger(value) && value > 0 ? value : 0;
}
