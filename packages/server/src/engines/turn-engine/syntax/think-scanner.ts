export type ThinkPiece = { readonly type: "thinking" | "text"; readonly text: string };

export interface ThinkScanner {
  push(text: string): readonly ThinkPiece[];
  finish(): readonly ThinkPiece[];
  /** Whether the thinking has not been closed yet (or may still begin). */
  readonly thinking: boolean;
}

export interface ThinkTags {
  readonly open: string;
  readonly close: string;
  /** The prompt already ends with the opening tag, as some templates write it. */
  readonly inside: boolean;
}

type State = "before" | "opened" | "inside" | "closed" | "text";

/**
 * Splits a reply into the thinking at its very beginning and the text after it. Tags later in the reply are text: an
 * answer may talk about them. White space next to the tags belongs to neither side.
 */
export function createThinkScanner(tags: ThinkTags): ThinkScanner {
  let state: State = tags.inside ? "opened" : "before";
  let held = "";

  function step(over: boolean): readonly ThinkPiece[] {
    const pieces: ThinkPiece[] = [];
    for (;;) {
      switch (state) {
        case "before": {
          const start = held.trimStart();
          if (start.startsWith(tags.open)) {
            held = start.slice(tags.open.length);
            state = "opened";
            continue;
          }
          if (!over && tags.open.startsWith(start)) return pieces;
          state = "text";
          continue;
        }
        case "opened":
          held = held.trimStart();
          if (held === "") return pieces;
          state = "inside";
          continue;
        case "inside": {
          const close = held.indexOf(tags.close);
          if (close >= 0) {
            add(pieces, "thinking", held.slice(0, close).trimEnd());
            held = held.slice(close + tags.close.length);
            state = "closed";
            continue;
          }
          const shown = over ? held.length : held.slice(0, held.length - tagPrefix(held, tags.close)).trimEnd().length;
          add(pieces, "thinking", held.slice(0, shown));
          held = held.slice(shown);
          return pieces;
        }
        case "closed":
          held = held.trimStart();
          if (held === "") return pieces;
          state = "text";
          continue;
        case "text":
          add(pieces, "text", held);
          held = "";
          return pieces;
        default:
          state satisfies never;
          return pieces;
      }
    }
  }

  return {
    push(text) {
      held += text;
      return step(false);
    },
    finish: () => step(true),
    get thinking() {
      return state === "before" || state === "opened" || state === "inside";
    },
  };
}

function add(pieces: ThinkPiece[], type: ThinkPiece["type"], text: string): void {
  if (text !== "") pieces.push({ type, text });
}

/** Length of the longest end of `text` with which `tag` begins. */
function tagPrefix(text: string, tag: string): number {
  for (let length = Math.min(text.length, tag.length - 1); length > 0; length -= 1) {
    if (tag.startsWith(text.slice(-length))) return length;
  }
  return 0;
}
