import { addTimings, addUsage, NOTHING_USED } from "../turn/add-usage.ts";
import type { Timings, TurnEvent, Usage } from "../turn/turn-event.ts";
import type { ReplyContainer } from "./server-tool.ts";

type End = Extract<TurnEvent, { type: "end" }>;

/** Sums up the steps of one turn. */
export interface Tally {
  /** What is used so far, with a prompt that is about to be read. */
  with(usage: Usage): Usage;
  /** What is used so far. */
  spent(): Usage;
  serverToolUse(): NonNullable<Usage["serverToolUse"]>;
  /** An event with the reply's count of output tokens in place of the step's. */
  inReply(event: TurnEvent): TurnEvent;
  add(end: End): void;
  count(kind: "web-search" | "web-fetch" | null): void;
  outputTokens(): number;
  end(last: End): End;
}

export function createTally(container: ReplyContainer): Tally {
  let usage: Usage | null = null;
  let timings: Timings | null = null;
  let firstMiss: End["cacheMissReason"] = null;
  let webSearchRequests = 0;
  let webFetchRequests = 0;
  const serverToolUse = () => ({ webSearchRequests, webFetchRequests });
  const sum = (one: Usage): Usage => ({
    ...(usage === null ? one : addUsage(usage, one)),
    serverToolUse: serverToolUse(),
  });
  return {
    with: sum,
    spent: () => sum(NOTHING_USED),
    serverToolUse,
    inReply(event) {
      return "outputTokens" in event && event.outputTokens !== undefined
        ? { ...event, outputTokens: (usage?.outputTokens ?? 0) + event.outputTokens }
        : event;
    },
    add(end) {
      if (usage === null) firstMiss = end.cacheMissReason;
      usage = sum(end.usage);
      timings = timings === null ? end.timings : addTimings(timings, end.timings);
    },
    count(kind) {
      if (kind === "web-search") webSearchRequests += 1;
      if (kind === "web-fetch") webFetchRequests += 1;
    },
    outputTokens: () => usage?.outputTokens ?? 0,
    end: (last) => ({
      ...last,
      ...withContainer(container),
      usage: { ...(usage ?? last.usage), serverToolUse: serverToolUse() },
      timings: timings ?? last.timings,
      cacheMissReason: firstMiss,
    }),
  };
}

function withContainer(container: ReplyContainer): Pick<End, "container"> {
  const current = container.current();
  return current === undefined ? {} : { container: current };
}
