import type { ModelInfo } from "@parley/wire";
import type { MadeReply } from "../../endpoints/define-endpoint.ts";

/** The list of models as OpenAI's clients read it. */
export function toModelList(reply: MadeReply): MadeReply {
  if (reply.kind !== "json") return reply;
  const { data } = reply.body as { readonly data: readonly ModelInfo[] };
  return { ...reply, body: { object: "list", data: data.map(toModelObject) } };
}

export function toModel(reply: MadeReply): MadeReply {
  return reply.kind === "json" ? { ...reply, body: toModelObject(reply.body as ModelInfo) } : reply;
}

function toModelObject({ id, created_at: createdAt }: ModelInfo) {
  return { id, object: "model", created: Math.floor(Date.parse(createdAt) / 1000), owned_by: "parley" };
}
