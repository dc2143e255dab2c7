import { CountTokensRequest, CountTokensResponse, parseCountTokens } from "@parley/wire";
import { defineEndpoint } from "../define-endpoint.ts";
import { MESSAGES_BODY_MAX_BYTES } from "../shared/body-limit.ts";
import { prepareTurn } from "../shared/prepare-turn.ts";
import { toBody } from "../shared/to-body.ts";

export const messagesCountTokens = defineEndpoint({
  name: "messages-count-tokens",
  summary: "Count the tokens of a message's prompt",
  method: "POST",
  path: "/v1/messages/count_tokens",
  permission: "workspace",
  forClaudeCode: true,
  body: {
    schema: CountTokensRequest,
    maxBytes: MESSAGES_BODY_MAX_BYTES,
    parse: (json, protocol) => toBody(parseCountTokens(json, protocol)),
  },
  reply: { schema: CountTokensResponse },
  async handle(request, deps) {
    await deps.limiter.countTokens(request.principal);
    const { turn, originalInputTokens } = await prepareTurn(request.body, request, deps);
    if (turn.wire && deps.engine.countOnWire) return { kind: "json", body: await deps.engine.countOnWire(turn, request.signal) };
    const inputTokens = await deps.engine.countTokens(turn, request.signal);
    const edited = request.body.context_management
      ? { context_management: { original_input_tokens: originalInputTokens ?? inputTokens } }
      : request.isBeta
        ? { context_management: null }
        : {};
    const body: CountTokensResponse = { input_tokens: inputTokens, ...edited };
    return { kind: "json", body };
  },
});
