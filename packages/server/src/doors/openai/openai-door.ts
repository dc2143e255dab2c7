import type { IncomingHttpHeaders } from "node:http";
import { messagesCreate } from "../../endpoints/messages-create/endpoint.ts";
import { modelsGet } from "../../endpoints/models-get/endpoint.ts";
import { modelsList } from "../../endpoints/models-list/endpoint.ts";
import { normalizePath } from "../anthropic/find-route.ts";
import { readSecret } from "../anthropic/read-headers.ts";
import type { CloudCall, CloudDoor } from "../cloud/cloud-door.ts";
import { openaiManner } from "./openai-manner.ts";
import { toChatReply } from "./to-chat-reply.ts";
import { toMessagesRequest } from "./to-messages-request.ts";
import { toModelList, toModel } from "./to-model-list.ts";

const MODELS = "/v1/models";
/** More than are ever served: this protocol's list has no pages. */
const ALL = new URLSearchParams({ limit: "1000" });

/** OpenAI-shaped clients: chat completions, and the list of models for whoever does not speak the Messages API's versions. */
export const openaiDoor: CloudDoor = {
  match(method, path, headers) {
    const route = normalizePath(path);
    if (method === "POST" && route === "/v1/chat/completions") return chatCall();
    if (method !== "GET" || !isOpenaiShaped(headers)) return null;
    if (route === MODELS) return { endpoint: modelsList, query: ALL, read: readNothing, toReply: toModelList };
    const id = route.startsWith(`${MODELS}/`) ? decodeId(route.slice(MODELS.length + 1)) : null;
    return id === null ? null : { endpoint: modelsGet, params: { model_id: id }, read: readNothing, toReply: toModel };
  },
  manner: openaiManner,
  authenticate: async ({ incoming }, { authenticator }) => authenticator.authenticate(readSecret(incoming.headers)),
};

/** Messages clients name their version, and pages of the Console come with a cookie and no key. */
function isOpenaiShaped(headers: IncomingHttpHeaders): boolean {
  return headers.authorization !== undefined && headers["anthropic-version"] === undefined && headers["x-api-key"] === undefined;
}

function chatCall(): CloudCall {
  let isUsageWanted = false;
  return {
    endpoint: messagesCreate,
    read(json) {
      const chat = toMessagesRequest(json);
      ({ isUsageWanted } = chat);
      return { version: "2023-06-01", betas: [], body: chat.body };
    },
    toReply: (reply) => toChatReply(reply, { isUsageWanted, created: Math.floor(Date.now() / 1000) }),
  };
}

function readNothing(): never {
  throw new Error("a GET has no body");
}

function decodeId(text: string): string | null {
  try {
    const id = decodeURIComponent(text);
    return id === "" || id.includes("\0") ? null : id;
  } catch {
    return null;
  }
}
