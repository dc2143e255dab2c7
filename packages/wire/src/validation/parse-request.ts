import type { z } from "zod";
import { CompleteRequest } from "../complete/completion.ts";
import { CountTokensRequest } from "../messages/count-tokens.ts";
import { MessagesCreateRequest } from "../messages/create-request.ts";
import { type AnthropicVersion, DIALECTS } from "../versions/dialect.ts";
import { cacheRule } from "./cache-rules.ts";
import { citationsRule } from "./citations-rule.ts";
import { findProblem } from "./find-problem.ts";
import { mcpRule } from "./mcp-rule.ts";
import { mergeRuns } from "./merge-runs.ts";
import { blocksRule, rolesRule, textRule } from "./message-rules.ts";
import { type Checked, type Problem, renderProblem } from "./problem.ts";
import { compactionRule, outputFormatRule, prefillRule, stopSequencesRule, thinkingRule, toolsRule } from "./request-rules.ts";
import { serverToolPairingRule, serverToolsRule } from "./server-tool-rule.ts";
import { toolLoadingRule } from "./tool-loading-rule.ts";
import { toolPairingRule } from "./tool-pairing-rule.ts";
import { toolsetResultsRule, toolsetsRule } from "./toolset-rule.ts";

export interface ParseOptions {
  readonly version: AnthropicVersion;
  /** From `anthropic-beta`; unknown ones are fine. */
  readonly betas?: readonly string[];
}

/** Body of `POST /v1/messages`. `message` is the platform's text for a 400. The value is the very object given. */
export function parseMessagesCreate(json: unknown, options: ParseOptions): Checked<MessagesCreateRequest> {
  return parse(MessagesCreateRequest, DIALECTS[options.version].refusedCreateKeys, json, (request) =>
    messagesRules(request, options),
  );
}

/** Body of `POST /v1/messages/count_tokens`: the same rules, fewer keys. */
export function parseCountTokens(json: unknown, options: ParseOptions): Checked<CountTokensRequest> {
  return parse(CountTokensRequest, DIALECTS[options.version].refusedCountKeys, json, (request) =>
    messagesRules(request, options),
  );
}

/** A body whose schema says everything; for the endpoints beside messages. */
export function parseBySchema<Schema extends z.ZodType>(schema: Schema, json: unknown): Checked<z.infer<Schema>> {
  return parse(schema, [], json, () => null);
}

/** Body of the legacy `POST /v1/complete`. */
export function parseComplete(json: unknown): Checked<CompleteRequest> {
  return parse(CompleteRequest, [], json, ({ prompt, stop_sequences: stops }) => {
    if (prompt.trim() === "") return { path: ["prompt"], text: "prompt must contain non-whitespace text" };
    return stops?.some((stop) => stop === "") ? { path: ["stop_sequences"], text: "each stop sequence must be non-empty" } : null;
  });
}

function parse<Schema extends z.ZodType>(
  schema: Schema,
  refusedKeys: readonly string[],
  json: unknown,
  rules: (request: z.infer<Schema>) => Problem | null,
): Checked<z.infer<Schema>> {
  const refused = refusedKeys.find((key) => typeof json === "object" && json !== null && Object.hasOwn(json, key));
  const problem =
    findProblem(schema, json) ??
    (refused === undefined ? null : { path: [refused], text: "Extra inputs are not permitted" }) ??
    rules(json as z.infer<Schema>);
  return problem ? { ok: false, message: renderProblem(problem) } : { ok: true, value: json as z.infer<Schema> };
}

/** Rules across fields, in the order in which they are looked at. The value has the schema's shape. */
function messagesRules(request: CountTokensRequest, { version, betas = [] }: ParseOptions): Problem | null {
  const dialect = DIALECTS[version];
  const runs = mergeRuns(request.messages);
  return (
    rolesRule(request.messages) ??
    textRule(request.system ?? "", ["system"], ["system"]) ??
    blocksRule(request.messages, dialect) ??
    toolPairingRule(runs) ??
    toolsetResultsRule(runs) ??
    serverToolPairingRule(runs) ??
    cacheRule(request) ??
    toolsRule(request) ??
    toolsetsRule(request, betas) ??
    serverToolsRule(request) ??
    mcpRule(request, betas) ??
    toolLoadingRule(request) ??
    stopSequencesRule(request) ??
    thinkingRule(request, betas) ??
    outputFormatRule(request) ??
    compactionRule(request) ??
    citationsRule(request) ??
    prefillRule(request)
  );
}
