import Anthropic, { APIConnectionError, APIError } from "@anthropic-ai/sdk";
import { setTimeout as sleep } from "node:timers/promises";
import { streamMessage } from "../support/read-stream.ts";

const MODEL = "claude-haiku-4-5";
const MESSAGE_CLIENTS = 8;
const STREAM_CLIENTS = 4;
const BATCH_CLIENTS = 2;
const BATCH_REQUESTS = 40;
const AGAIN_MS = 50;

/** A message that a client has in full. */
export interface ToldMessage {
  readonly requestId: string;
  readonly messageId: string;
}

export interface MixedLoad {
  /** Every message and every stream that ended well, by request id. */
  readonly told: ReadonlyMap<string, string>;
  readonly streams: () => number;
  /** By `Idempotency-Key`, what was told; null where the connection broke. */
  readonly keyed: ReadonlyMap<string, ToldMessage | null>;
  /** Ids of batches whose creation was answered. */
  readonly batches: ReadonlySet<string>;
  /** Requests whose connection broke: what became of them the client cannot know. */
  readonly broken: () => number;
  readonly refused: () => number;
  /** What no kill explains. */
  readonly unexpected: readonly string[];
  /** Sends again what was sent under a key. Null: it is refused. */
  repeat(key: string): Promise<(ToldMessage & { readonly isReplayed: boolean }) | null>;
  /** Lets every client finish what it does. */
  stop(): Promise<void>;
}

/**
 * Clients of all kinds at once, on a server whose address changes with each of its lives and is empty between them, until they
 * are stopped.
 */
export function startMixedLoad(server: { readonly url: string; readonly apiKey: string }): MixedLoad {
  const told = new Map<string, string>();
  const keyed = new Map<string, ToldMessage | null>();
  const batches = new Set<string>();
  const unexpected: string[] = [];
  let streams = 0;
  let broken = 0;
  let refused = 0;
  let next = 0;
  const stopped = new AbortController();
  let client = connectTo(server);
  const connect = () => (client.baseURL === server.url ? client : (client = connectTo(server)));
  const ask = (content: string) => ({ model: MODEL, max_tokens: 100, messages: [{ role: "user" as const, content }] });

  function tell({ requestId, messageId }: ToldMessage): void {
    if (told.has(requestId)) unexpected.push(`${requestId} was answered twice`);
    told.set(requestId, messageId);
  }

  async function sendKeyed(key: string) {
    const {
      data,
      response,
      request_id: requestId,
    } = await connect()
      .messages.create(ask(`Question ${key}`), { headers: { "idempotency-key": key } })
      .withResponse();
    const isReplayed = response.headers.get("idempotent-replayed") === "true";
    return { requestId: requestId ?? "", messageId: data.id, isReplayed };
  }

  /** What comes of a request that the server or the database may be killed under. */
  async function outcomeOf<T>(request: Promise<T>): Promise<T | "broken" | "refused"> {
    try {
      return await request;
    } catch (error) {
      // A reply that is cut off in its middle breaks below the SDK's errors.
      if (error instanceof APIConnectionError || error instanceof TypeError || error instanceof SyntaxError) {
        broken += 1;
        return "broken";
      }
      if (!(error instanceof APIError)) throw error;
      if (error.status !== 529) unexpected.push(`${error.status} ${error.message}`);
      refused += 1;
      return "refused";
    }
  }

  /** Waits for a server that is there. False: the clients are to stop. */
  async function mayGoOn(): Promise<boolean> {
    while (!stopped.signal.aborted && server.url === "") await sleep(20);
    return !stopped.signal.aborted;
  }

  async function sendMessages(): Promise<void> {
    while (await mayGoOn()) {
      const key = `key-${next++}`;
      const outcome = await outcomeOf(sendKeyed(key));
      if (outcome === "broken") keyed.set(key, null);
      else if (outcome !== "refused") {
        keyed.set(key, outcome);
        tell(outcome);
        continue;
      }
      await sleep(AGAIN_MS);
    }
  }

  async function sendStreams(): Promise<void> {
    while (await mayGoOn()) {
      const { end, error, requestId, messageId } = await streamMessage(server, ask(`Question ${next++}`));
      if (end === "message_stop" && requestId !== null && messageId !== null) {
        streams += 1;
        tell({ requestId, messageId });
        continue;
      }
      if (end === "broken") broken += 1;
      else refused += 1;
      if (error !== null && error.error.type !== "overloaded_error") unexpected.push(JSON.stringify(error));
      await sleep(AGAIN_MS);
    }
  }

  /** Makes a batch and waits for its end before the next, as scripts do. */
  async function sendBatches(): Promise<void> {
    while (await mayGoOn()) {
      const requests = Array.from({ length: BATCH_REQUESTS }, (_, index) => ({
        custom_id: `r${index}`,
        params: ask(`Question ${index}`),
      }));
      const created = await outcomeOf(connect().messages.batches.create({ requests }));
      if (typeof created === "string") {
        await sleep(AGAIN_MS);
        continue;
      }
      batches.add(created.id);
      for (let hasEnded = false; !hasEnded && (await mayGoOn());) {
        await sleep(AGAIN_MS);
        const seen = await outcomeOf(connect().messages.batches.retrieve(created.id));
        hasEnded = typeof seen !== "string" && seen.processing_status === "ended";
      }
    }
  }

  const clients = [
    ...Array.from({ length: MESSAGE_CLIENTS }, sendMessages),
    ...Array.from({ length: STREAM_CLIENTS }, sendStreams),
    ...Array.from({ length: BATCH_CLIENTS }, sendBatches),
  ];
  return {
    told,
    keyed,
    batches,
    unexpected,
    streams: () => streams,
    broken: () => broken,
    refused: () => refused,
    async repeat(key) {
      try {
        const again = await sendKeyed(key);
        if (!again.isReplayed) tell(again);
        return again;
      } catch (error) {
        if (error instanceof APIError && error.status === 409) return null;
        throw error;
      }
    },
    async stop() {
      stopped.abort();
      await Promise.all(clients);
    },
  };
}

function connectTo({ url: baseURL, apiKey }: { readonly url: string; readonly apiKey: string }): Anthropic {
  return new Anthropic({ baseURL, apiKey, maxRetries: 0, timeout: 30_000 });
}
