import { CustomTool } from "@parley/wire";
import { z } from "zod";
import type { McpTool, McpToolset } from "../../prompt/index.ts";
import { McpFault } from "./mcp-fault.ts";
import type { McpConnection, Patience } from "./open-connection.ts";

/** Of one server, wanted or not. */
const LISTED_MAX = 1_000;
const PAGES_MAX = 20;
const TOOL_MAX_CHARACTERS = 64 * 1024;
const NAME_MAX_CHARACTERS = 256;
/** What comes later may recurse over a schema. */
const SCHEMA_MAX_DEPTH = 64;

const Page = z.looseObject({ tools: z.array(z.unknown()), nextCursor: z.string().nullish() });
const Named = z.looseObject({ name: z.string().min(1).max(NAME_MAX_CHARACTERS) });
const Tool = z.looseObject({
  name: z.string(),
  description: z.string().nullish(),
  inputSchema: CustomTool.shape.input_schema,
});

/** The tools that a request wants of those that a server lists. */
export async function listTools(
  connection: McpConnection,
  toolset: Pick<McpToolset, "wants">,
  patience: Patience,
): Promise<McpTool[]> {
  const listed: unknown[] = [];
  let cursor: string | null = null;
  for (let page = 1; ; page += 1) {
    const reply = Page.safeParse(await connection.request("tools/list", cursor === null ? {} : { cursor }, patience));
    if (!reply.success) throw new McpFault("answer", "its list of tools is not one");
    for (const tool of reply.data.tools) listed.push(tool);
    if (listed.length > LISTED_MAX) throw new McpFault("answer", `it lists more than ${LISTED_MAX} tools`);
    cursor = reply.data.nextCursor ?? null;
    if (cursor === null || cursor === "") break;
    if (page === PAGES_MAX) throw new McpFault("answer", `its list of tools has more than ${PAGES_MAX} pages`);
  }
  return checkTools(listed.map(toNamed).filter(({ name }) => toolset.wants(name)));
}

/** What the request itself brings as a server's list is held to the same. */
export function checkPinned(tools: readonly McpTool[], toolset: Pick<McpToolset, "wants">): McpTool[] {
  return checkTools(tools.filter(({ name }) => toolset.wants(name)).map((tool) => ({ ...tool })));
}

function toNamed(tool: unknown): z.infer<typeof Named> {
  const named = Named.safeParse(tool);
  if (!named.success) throw new McpFault("answer", "it lists a tool without a name, or with one that is too long");
  return named.data;
}

function checkTools(tools: readonly z.infer<typeof Named>[]): McpTool[] {
  const names = new Set<string>();
  return tools.map((listed) => {
    const { name } = listed;
    const refuse = (what: string) => new McpFault("answer", `its tool '${name}' ${what}; leave it out by \`configs\``);
    if (names.has(name)) throw refuse("is listed twice");
    names.add(name);
    if (isDeeper(listed, SCHEMA_MAX_DEPTH)) throw refuse(`has a schema of more than ${SCHEMA_MAX_DEPTH} levels`);
    const tool = Tool.safeParse(listed);
    if (!tool.success) throw refuse("has no valid input schema");
    const { description = null, inputSchema } = tool.data;
    if (JSON.stringify([description, inputSchema]).length > TOOL_MAX_CHARACTERS) {
      throw refuse(`has a definition of more than ${TOOL_MAX_CHARACTERS} characters`);
    }
    return { name, description, inputSchema };
  });
}

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  return levels === 0 || Object.values(value).some((each) => isDeeper(each, levels - 1));
}
