import type { IncomingHttpHeaders } from "node:http";
import { parseJsonOr } from "../upstream/read-whole.ts";
import { readRetryAfter } from "../upstream/retry-after.ts";
import { UpstreamFailure, upstreamFailure } from "../upstream/upstream-failure.ts";
import { ChatError } from "./api.ts";

const SHOWN_CHARACTERS = 2_000;

/** Of a prompt that is too long, as vLLM, SGLang, llama-server and Ollama say it: how long it is, and how long it may be. */
const TOO_LONG = [
  /maximum context length is (?<most>\d+) tokens.*?\((?<tokens>\d+) in the messages/is,
  /maximum context length is (?<most>\d+) tokens.*?(?:requested|contains|has|passed|resulted in) (?:about |at least )?(?<tokens>\d+) (?:input )?tokens/is,
  /\((?<tokens>\d+) tokens\) (?:exceeds|is longer than).*?\((?<most>\d+) tokens\)/is,
];

/** What an error of a chat-completions server is to our client. */
export function toChatFailure(error: {
  /** Null for an error in a stream. */
  readonly status: number | null;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly nowMs: number;
}): UpstreamFailure {
  const { status, headers, text, nowMs } = error;
  const internal = `the upstream answered ${status ?? "in its stream"}: ${text.slice(0, SHOWN_CHARACTERS)}`;
  const retryAfterSeconds = readRetryAfter(headers, nowMs);
  const again = retryAfterSeconds === undefined ? {} : { retryAfterSeconds };
  const message = readMessage(text);
  const tooLong = readTooLong(text, message);
  if (tooLong !== null) return new UpstreamFailure("request", "invalid_request_error", { public: tooLong, internal });
  switch (status) {
    case 400:
    case 422:
      return new UpstreamFailure("request", "invalid_request_error", {
        public: `This model's server refused the request${message === "" ? "." : `: ${message.slice(0, SHOWN_CHARACTERS)}`}`,
        internal,
      });
    case 413:
      return new UpstreamFailure("request", "request_too_large", {
        public: "The request is too large for this model.",
        internal,
      });
    case 401:
    case 402:
    case 403:
    case 404:
      return upstreamFailure("credentials", internal);
    case 408:
    case 504:
      return upstreamFailure("silent", internal);
    case 429:
      return upstreamFailure("limited", internal, again);
    case 502:
    case 503:
    case 529:
      return upstreamFailure("overloaded", internal, again);
    default:
      return upstreamFailure("broken", internal);
  }
}

/** Empty for what is no error of the protocol: a proxy's page tells of machines, which are not the client's to know. */
function readMessage(text: string): string {
  const parsed = ChatError.safeParse(parseJsonOr(text));
  if (!parsed.success) return "";
  const { error, message, detail } = parsed.data;
  if (typeof error === "string") return error;
  return error?.message ?? message ?? (typeof detail === "string" ? detail : text);
}

/** In the words that clients parse. */
function readTooLong(text: string, message: string): string | null {
  const parsed = ChatError.safeParse(parseJsonOr(text));
  const error = parsed.success ? parsed.data.error : null;
  if (typeof error === "object" && error?.n_prompt_tokens && error.n_ctx) return tooLong(error.n_prompt_tokens, error.n_ctx);
  for (const pattern of TOO_LONG) {
    const groups = pattern.exec(message)?.groups;
    const tokens = Number(groups?.["tokens"]);
    const most = Number(groups?.["most"]);
    if (tokens > 0 && most > 0 && tokens > most) return tooLong(tokens, most);
  }
  return null;
}

function tooLong(tokens: number, most: number): string {
  return `prompt is too long: ${tokens} tokens > ${most} maximum`;
}
