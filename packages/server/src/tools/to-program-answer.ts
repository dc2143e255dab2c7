import type { ServerToolResultBlock } from "@parley/wire";
import type { ProgramCallResult } from "../turn/turn.ts";

/** What a program is given by a tool that the server runs, as `server-tools.ts` tells the model. */
export function toProgramAnswer(
  id: string,
  block: ServerToolResultBlock,
  open: (sealed: string) => string | null,
): ProgramCallResult {
  switch (block.type) {
    case "web_search_tool_result": {
      const { content } = block;
      if ("error_code" in content) return { id, text: content.error_code, isError: true };
      const found = content.map(({ title, url, page_age, encrypted_content: sealed }) => ({
        title,
        url,
        page_age,
        text: open(sealed) ?? "",
      }));
      return { id, text: JSON.stringify(found), isError: false };
    }
    case "web_fetch_tool_result": {
      const { content } = block;
      if ("error_code" in content) return { id, text: content.error_code, isError: true };
      const { title, source } = content.content;
      return { id, text: JSON.stringify({ title, url: content.url, text: source.data }), isError: false };
    }
    default:
      throw new Error(`no program calls what gives a ${block.type}`);
  }
}
