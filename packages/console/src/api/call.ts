import { ErrorEnvelope } from "@parley/wire";
import { ApiError } from "./api-error.ts";
import { text } from "./text.ts";

/** Anything that makes a typed value of JSON, as the schemas of `@parley/wire` do. */
export interface Schema<T> {
  safeParse(value: unknown): { success: true; data: T } | { success: false; error: unknown };
}

export interface CallOptions {
  readonly method?: "GET" | "POST" | "DELETE";
  readonly body?: unknown;
  /** Instead of `body`. */
  readonly form?: FormData;
  readonly query?: Readonly<Record<string, string | number | readonly string[] | null | undefined>>;
  /** Null: the organization's default one. */
  readonly workspaceId?: string | null;
  /** What an operation of a beta asks to be named. */
  readonly beta?: string;
  readonly signal?: AbortSignal | undefined;
}

/** One request to the server that served this page, with the session's cookie. Throws `ApiError`. */
export async function call<T>(schema: Schema<T>, path: string, options: CallOptions = {}): Promise<T> {
  const reply = await send(path, options);
  const json = await readJson(reply);
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  throw new ApiError(text.unexpectedReply, {
    status: reply.status,
    type: "api_error",
    requestId: reply.headers.get("request-id"),
  });
}

/** The reply itself, for streams and downloads; an error reply is thrown. */
export async function send(path: string, options: CallOptions = {}): Promise<Response> {
  const { method = "GET", body, form, query = {}, workspaceId, beta, signal } = options;
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value === null || value === undefined) continue;
    for (const each of Array.isArray(value) ? value : [value]) search.append(name, String(each));
  }
  const url = search.size === 0 ? path : `${path}?${search.toString()}`;
  let reply: Response;
  try {
    reply = await fetch(url, {
      method,
      credentials: "same-origin",
      redirect: "error",
      headers: {
        "anthropic-version": "2023-06-01",
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...(workspaceId ? { "anthropic-workspace-id": workspaceId } : {}),
        ...(beta ? { "anthropic-beta": beta } : {}),
      },
      ...(body === undefined ? (form ? { body: form } : {}) : { body: JSON.stringify(body) }),
      ...(signal ? { signal } : {}),
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiError(text.unreachable, { status: 0, type: "connection_error" });
  }
  if (!reply.ok) throw await toApiError(reply);
  return reply;
}

async function toApiError(reply: Response): Promise<ApiError> {
  const requestId = reply.headers.get("request-id");
  const retryAfter = Number(reply.headers.get("retry-after") ?? Number.NaN);
  const retryAfterSeconds = Number.isFinite(retryAfter) ? retryAfter : null;
  const parsed = ErrorEnvelope.safeParse(await reply.json().catch(() => null));
  if (!parsed.success) {
    return new ApiError(text.unexpectedReply, { status: reply.status, type: "api_error", requestId, retryAfterSeconds });
  }
  const { error, request_id: inBody } = parsed.data;
  return new ApiError(error.message, {
    status: reply.status,
    type: error.type,
    code: error.details?.error_code ?? null,
    requestId: inBody ?? requestId,
    retryAfterSeconds,
  });
}

async function readJson(reply: Response): Promise<unknown> {
  try {
    return (await reply.json()) as unknown;
  } catch {
    throw new ApiError(text.unexpectedReply, {
      status: reply.status,
      type: "api_error",
      requestId: reply.headers.get("request-id"),
    });
  }
}
