import type { CacheTtl, TextBlock, ToolDefinitionBlock, ToolRemovalBlock, ToolSpec } from "../turn/turn.ts";

type Mark = { readonly cacheTtl?: CacheTtl };

/** Brings the definitions of deferred tools to where a conversation, read from its start, first names them. */
export interface ToolLoader {
  /** What stands for a reference to a declared tool: its definition, or a word where the model has that already. */
  load(name: string, mark: Mark): ToolDefinitionBlock | TextBlock;
  remove(name: string, mark: Mark): ToolRemovalBlock;
  /** A call in the history; what it shows of a tool that nothing has loaded belongs to its result. */
  called(toolUseId: string, name: string): void;
  /** Definitions that the calls before left open. */
  owedTo(toolUseId: string): readonly ToolDefinitionBlock[];
}

export function createToolLoader(tools: readonly ToolSpec[], isDeferred: (name: string) => boolean): ToolLoader {
  const specs = new Map(tools.map((tool) => [tool.name, tool]));
  const loaded = new Set(tools.map(({ name }) => name).filter((name) => !isDeferred(name)));
  const removed = new Set<string>();
  const owed = new Map<string, ToolDefinitionBlock>();

  function define(name: string, mark: Mark): ToolDefinitionBlock | null {
    const tool = specs.get(name);
    if (tool === undefined || loaded.has(name)) return null;
    loaded.add(name);
    removed.delete(name);
    return { type: "tool_definition", tool, ...mark };
  }

  return {
    load: (name, mark) => define(name, mark) ?? { type: "text", text: `The tool ${name} is loaded.`, ...mark },
    remove(name, mark) {
      loaded.delete(name);
      removed.add(name);
      return { type: "tool_removal", name, ...mark };
    },
    called(toolUseId, name) {
      const definition = removed.has(name) ? null : define(name, {});
      if (definition !== null) owed.set(toolUseId, definition);
    },
    owedTo(toolUseId) {
      const definition = owed.get(toolUseId);
      return definition === undefined ? [] : [definition];
    },
  };
}
