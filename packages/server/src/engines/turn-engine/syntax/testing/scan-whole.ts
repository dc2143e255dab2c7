import type { CompiledTool, ScanEvent, ToolSyntax } from "../tool-syntax.ts";

/** What a scanner made of a text, with pieces joined, so that it can be compared whatever the chunks were. */
export type Scanned =
  | { readonly text: string }
  | { readonly call: string; readonly json: string; readonly input: unknown; readonly error: string | null }
  | { readonly cut: string; readonly json: string };

/** A tool that accepts any object with the required keys. */
export function testTool(name: string, required: readonly string[] = []): CompiledTool {
  return {
    spec: { name, description: null, inputSchema: { type: "object" }, strict: false, inputExamples: [] },
    grammar: null,
    exact: true,
    validate: (input) => {
      const missing = required.find((key) => !(typeof input === "object" && input !== null && Object.hasOwn(input, key)));
      return missing === undefined ? null : `must have required property '${missing}'`;
    },
  };
}

/** Feeds `text` in pieces that end at `cuts`; at a call-open it goes on at the input's first character. */
export function scanWhole(
  syntax: ToolSyntax,
  tools: readonly CompiledTool[],
  text: string,
  cuts: readonly number[],
): readonly Scanned[] {
  const scanner = syntax.scanner(tools);
  const out: Scanned[] = [];
  let open: { name: string; json: string } | null = null;
  let at = 0;
  const read = (events: readonly ScanEvent[]): void => {
    for (const event of events) {
      if (event.type === "text") {
        const last = out.at(-1);
        if (last !== undefined && "text" in last) out[out.length - 1] = { text: last.text + event.text };
        else out.push({ text: event.text });
      } else if (event.type === "call-open") {
        open = { name: event.call.tool.spec.name, json: "" };
        at = event.call.inputStart;
      } else if (event.type === "input-delta") {
        if (open !== null) open.json += event.json;
      } else if (event.type === "call-close") {
        out.push({ call: open?.name ?? "", json: open?.json ?? "", input: event.input, error: event.error });
        open = null;
      }
    }
  };
  while (at < text.length) {
    const end = cuts.find((cut) => cut > at) ?? text.length;
    const piece = text.slice(at, Math.min(end, text.length));
    at += piece.length;
    read(scanner.push(piece));
  }
  read(scanner.finish());
  const left = open as { name: string; json: string } | null;
  if (left !== null) out.push({ cut: left.name, json: left.json });
  return out;
}
