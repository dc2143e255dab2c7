import type {
  BrowserStateBlockParam,
  TextBlockParam,
  ToolResultBlockParam,
  ToolResultContentParam,
  ToolUseBlockParam,
} from "@parley/wire";

type Content = Exclude<ToolResultContentParam, BrowserStateBlockParam>;

/**
 * The words in which a model is told of a browser's tabs and downloads, along a conversation from its start: what it has been
 * told already is not told again. The platform's own words.
 */
export interface BrowserStates {
  called(call: ToolUseBlockParam): void;
  /** A result's content with its state in words. */
  inWords(result: ToolResultBlockParam): Content[];
}

export function createBrowserStates(): BrowserStates {
  const calls = new Map<string, ToolUseBlockParam>();
  let told = "";

  function footer(state: BrowserStateBlockParam, call: ToolUseBlockParam): string {
    if (call.name === "zoom") return "";
    const { tab_id: asked } = call.input;
    const tab = typeof asked === "string" ? asked : state.tabs.find(({ active }) => active)?.tab_id;
    const now = JSON.stringify(state.tabs);
    if (tab === undefined || now === told) return "";
    told = now;
    const tabs = state.tabs.map((each) => `\n  • ${tabWords(each)}`).join("");
    return `Tab Context:\n- Executed on tab_id: ${tab}\n- Available tabs:${tabs}`;
  }

  return {
    called(call) {
      if (call.toolset_name === "browser") calls.set(call.id, call);
    },
    inWords({ tool_use_id: id, content }) {
      const blocks = Array.isArray(content) ? content : [];
      const rest = blocks.filter((block) => block.type !== "browser_state");
      const state = blocks.find((block) => block.type === "browser_state");
      const call = calls.get(id);
      if (state === undefined || call === undefined) return rest;
      const mark = state.cache_control ? { cache_control: state.cache_control } : {};
      const downloads = downloadLines(state);
      const tabs = tabResult(state, call);
      if (tabs !== null) {
        if (call.name === "list_tabs") told = JSON.stringify(state.tabs);
        return [textOf(joined(tabs, downloads), mark)];
      }
      const at = rest.findLastIndex(({ type }) => type === "text");
      const last = rest[at];
      if (last?.type === "text") {
        return rest.with(at, { ...last, text: joined(last.text, downloads, footer(state, call)), ...mark });
      }
      // Without words of the call's own the tabs wait for a result that has some.
      return downloads === "" ? rest : [...rest, textOf(joined(downloads, footer(state, call)), mark)];
    },
  };
}

const joined = (...parts: readonly string[]): string => parts.filter((part) => part !== "").join("\n\n");

const textOf = (text: string, mark: Pick<TextBlockParam, "cache_control">): TextBlockParam => ({ type: "text", text, ...mark });

/** What the client reports comes from pages: it stays within its quotes. */
const inQuotes = (text: string): string => `"${text.replace(/[\\"]/g, "\\$&")}"`;

const tabWords = ({ tab_id: id, title, url }: BrowserStateBlockParam["tabs"][number]): string =>
  `tab_id ${id}: ${inQuotes(title)} (${url})`;

/** The whole result of a call that is about tabs; null: the call is about something else. */
function tabResult({ tabs }: BrowserStateBlockParam, { name, input }: ToolUseBlockParam): string | null {
  switch (name) {
    case "new_tab": {
      const active = tabs.find((each) => each.active);
      return `Created new tab with tab_id: ${active?.tab_id ?? ""}, URL: ${active?.url ?? ""}. It is now the current tab.`;
    }
    case "switch_tab":
      return `Switched to tab ${String(input["tab_id"])}`;
    case "close_tab":
      return `Closed tab ${String(input["tab_id"])}`;
    case "list_tabs":
      if (tabs.length === 0) return "No tabs available";
      return ["Available tabs:", ...tabs.map((each) => `  • ${tabWords(each)}${each.active ? " (current)" : ""}`)].join("\n");
    default:
      return null;
  }
}

function downloadLines({ state_changes: changes }: BrowserStateBlockParam): string {
  return (changes ?? []).flatMap(downloadLine).join("\n");
}

function downloadLine(change: NonNullable<BrowserStateBlockParam["state_changes"]>[number]): string[] {
  switch (change.type) {
    case "tab_opened":
      return [];
    case "download_started":
      return [`Download started with download_id: ${change.download_id}, URL: ${inQuotes(change.url)}.`];
    case "download_completed": {
      const path = change.path ? ` Saved to ${inQuotes(change.path)}.` : "";
      const size = typeof change.size_bytes !== "number" ? "" : ` Size: ${change.size_bytes} bytes.`;
      return [`Download completed with download_id: ${change.download_id}, URL: ${inQuotes(change.url)}.${path}${size}`];
    }
    case "download_failed": {
      const error = change.error ? ` Error: ${inQuotes(change.error)}.` : "";
      return [`Download failed with download_id: ${change.download_id}, URL: ${inQuotes(change.url)}.${error}`];
    }
    default:
      change satisfies never;
      return [];
  }
}
