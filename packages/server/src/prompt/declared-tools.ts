import {
  type CountTokensRequest,
  enabledMembers,
  isToolset,
  type ServerToolName,
  type ServerToolParam,
  type ToolChoiceParam,
  toolName,
  type ToolParam,
  type Toolset,
  toolsetName,
} from "@parley/wire";
import type { McpToolSpec, ServerToolSpec, ToolsetMemberSpec, ToolSpec } from "../turn/turn.ts";
import { cacheTtl } from "./cache-ttl.ts";
import { BROWSER_TOOLS } from "./client-tools/browser-members.ts";
import type { ClientTool } from "./client-tools/client-tool.ts";
import { COMPUTER_TOOLS } from "./client-tools/computer-members.ts";
import { clientTool } from "./client-tools/index.ts";
import { type McpListings, type McpTool, type McpToolset, toMcpToolsets } from "./mcp-toolsets.ts";
import { refusal } from "./refuse.ts";
import { isCalledDirectly, isCalledFromCode, isServerTool, serverTool, serverToolNames } from "./server-tools.ts";

/** Every tool of a request, those that its MCP servers list among them. */
export interface DeclaredTools {
  readonly specs: readonly ToolSpec[];
  readonly isDeferred: (name: string) => boolean;
  readonly serverTools: readonly ServerToolSpec[];
  readonly mcpTools: readonly McpToolSpec[];
  /** Those that programs may call, whether or not they are among `specs`. */
  readonly programTools: readonly ToolSpec[];
  /** How the model calls an MCP server's tool, listed now or not any more. */
  readonly mcpName: (server: string, tool: string) => string;
  readonly toolsetMembers: readonly ToolsetMemberSpec[];
  /** How the model calls a member of a toolset, declared now or not any more. */
  readonly memberName: (toolset: string, member: string) => string;
}

const NAME_MAX_CHARACTERS = 128;

/** A set of tools stands where `tools` has it; servers without one, as the older beta knows them, come last. */
export function toDeclaredTools(request: CountTokensRequest, listings: McpListings): DeclaredTools {
  const tools = request.tools ?? [];
  const taken = new Set(tools.flatMap((tool) => toolName(tool) ?? []));
  const deferred = new Set<string>();
  const mcpTools: McpToolSpec[] = [];
  const expanded = new Map<number | string, ToolSpec[]>();
  for (const toolset of toMcpToolsets(request)) {
    const specs = expand(toolset, listings.get(toolset.server.name) ?? [], { taken, deferred, mcpTools });
    expanded.set(toolset.index ?? toolset.server.name, specs);
  }
  const ownTools = tools.filter((tool) => tool.type !== "mcp_toolset").filter((tool) => !isToolset(tool));
  const programTools = ownTools
    .filter(isCalledFromCode)
    .map((tool) => (isServerTool(tool) ? toServerSpec(tool.name, tool, []) : toToolSpec(tool)));
  const toolsetMembers: ToolsetMemberSpec[] = [];
  const inPlace = tools.flatMap((tool, index) => {
    if (tool.type === "mcp_toolset") return expanded.get(index) ?? [];
    return isToolset(tool)
      ? expandToolset(tool, { taken, deferred, toolsetMembers })
      : toToolSpecs(tool, { tools, programTools });
  });
  const last = [...expanded].flatMap(([place, specs]) => (typeof place === "string" ? specs : []));
  for (const tool of tools) {
    const name = toolName(tool);
    if (name !== undefined && "defer_loading" in tool && tool.defer_loading === true) deferred.add(name);
  }
  const names = new Map(mcpTools.map(({ name, tool, server }) => [JSON.stringify([server.name, tool]), name]));
  return {
    specs: [...inPlace, ...last],
    isDeferred: (name) => deferred.has(name),
    serverTools: tools
      .filter(isServerTool)
      .flatMap((definition) => serverToolNames(definition, tools).map((name) => ({ name, definition }))),
    mcpTools,
    programTools,
    mcpName: (server, tool) => names.get(JSON.stringify([server, tool])) ?? composeName(server, tool),
    toolsetMembers,
    memberName: (toolset, member) =>
      toolsetMembers.find((each) => each.toolset === toolset && each.member === member)?.name ?? composeName(toolset, member),
  };
}

function expand(
  toolset: McpToolset,
  listed: readonly McpTool[],
  into: { readonly taken: Set<string>; readonly deferred: Set<string>; readonly mcpTools: McpToolSpec[] },
): ToolSpec[] {
  const { name, url, authorization_token: token } = toolset.server;
  const server = { name, url, authorization: () => token ?? null };
  const specs = listed
    .filter((tool) => toolset.wants(tool.name))
    .map((tool): ToolSpec => {
      const own = untaken(composeName(name, tool.name), into.taken);
      into.taken.add(own);
      into.mcpTools.push({ name: own, tool: tool.name, server });
      if (toolset.defers(tool.name)) into.deferred.add(own);
      return { name: own, description: tool.description, inputSchema: tool.inputSchema, strict: false, inputExamples: [] };
    });
  if (toolset.cacheTtl === null) return specs;
  const marked = specs.findLastIndex((spec) => !into.deferred.has(spec.name));
  if (marked < 0) {
    throw refusal({
      path: ["tools", toolset.index ?? 0, "mcp_toolset", "cache_control"],
      text: "no tool of this set stands in the prompt, so there is nothing to cache",
    });
  }
  return specs.map((spec, index) => (index === marked && toolset.cacheTtl ? { ...spec, cacheTtl: toolset.cacheTtl } : spec));
}

/** One tool for each member: an open model calls what has one purpose and few fields more surely than one tool for all. */
function expandToolset(
  toolset: Toolset,
  into: { readonly taken: Set<string>; readonly deferred: Set<string>; readonly toolsetMembers: ToolsetMemberSpec[] },
): ToolSpec[] {
  const family = toolsetName(toolset);
  const tools: Readonly<Record<string, ClientTool>> = family === "computer" ? COMPUTER_TOOLS : BROWSER_TOOLS;
  const members = enabledMembers(toolset);
  return members.flatMap(({ name: member, isDeferred }, at): ToolSpec[] => {
    const tool = tools[member];
    if (tool === undefined) return [];
    const name = untaken(composeName(family, member), into.taken);
    into.taken.add(name);
    into.toolsetMembers.push({ name, toolset: family, member });
    if (isDeferred) into.deferred.add(name);
    // A breakpoint is after all of them.
    const mark = at === members.length - 1 ? cacheTtl(toolset.cache_control) : {};
    return [{ name, ...tool, strict: false, inputExamples: [], ...mark }];
  });
}

/** Two servers may have tools of one name. */
function composeName(server: string, tool: string): string {
  return `${server}_${tool}`.replace(/[^a-zA-Z0-9_-]/g, "_").slice(0, NAME_MAX_CHARACTERS);
}

/** What was written differently may be spelled alike: `a` and `b_c`, `a_b` and `c`. */
function untaken(name: string, taken: ReadonlySet<string>): string {
  if (!taken.has(name)) return name;
  for (let number = 2; ; number += 1) {
    const suffix = `_${number}`;
    const other = `${name.slice(0, NAME_MAX_CHARACTERS - suffix.length)}${suffix}`;
    if (!taken.has(other)) return other;
  }
}

type SingleTool = Exclude<ToolParam, { type: "mcp_toolset" } | Toolset>;

function toToolSpecs(
  tool: SingleTool,
  { tools, programTools }: { readonly tools: readonly ToolParam[]; readonly programTools: readonly ToolSpec[] },
): ToolSpec[] {
  if (!isCalledDirectly(tool)) return [];
  if (!isServerTool(tool)) return [toToolSpec(tool)];
  const names = serverToolNames(tool, tools);
  // A breakpoint is after all of them.
  return names.map((name, at) => ({
    ...toServerSpec(name, tool, programTools),
    ...(at === names.length - 1 ? cacheTtl(tool.cache_control) : {}),
  }));
}

function toServerSpec(name: ServerToolName, tool: ServerToolParam, programTools: readonly ToolSpec[]): ToolSpec {
  const { description, inputSchema } = serverTool(name, programTools);
  return { name, description, inputSchema, strict: tool.strict === true, inputExamples: [] };
}

/** A choice of a tool that stands for several is one of the first of them: it can do what the others do. */
export function toOwnChoice(choice: ToolChoiceParam | undefined, tools: readonly ToolParam[] = []): ToolChoiceParam | undefined {
  if (choice?.type !== "tool") return choice;
  const tool = tools.find((each) => toolName(each) === choice.name);
  const [first] = tool !== undefined && isServerTool(tool) ? serverToolNames(tool, tools) : [];
  return first === undefined ? choice : { ...choice, name: first };
}

function toToolSpec(tool: SingleTool): ToolSpec {
  const known = clientTool(tool);
  const { description, inputSchema } = known ?? {
    description: "description" in tool ? (tool.description as string | undefined) : undefined,
    inputSchema: "input_schema" in tool ? (tool.input_schema as ToolSpec["inputSchema"]) : { type: "object" },
  };
  const limit = "max_characters" in tool && typeof tool.max_characters === "number" ? tool.max_characters : null;
  return {
    name: tool.name as string,
    // The client cuts what it shows; the model is to know why.
    description:
      limit === null ? (description ?? null) : `${description ?? ""} \`view\` shows at most ${limit} characters of a file.`,
    inputSchema,
    strict: tool.strict === true,
    inputExamples: "input_examples" in tool ? ((tool.input_examples ?? []) as ToolSpec["inputExamples"]) : [],
    ...cacheTtl(tool.cache_control),
  };
}
