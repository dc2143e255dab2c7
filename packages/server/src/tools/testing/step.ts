import { end, type Script, start, textBlock, toolBlock } from "../../doors/testing/scripted-engine.ts";

let nextId = 1;

/** One step of the model: calls, each with an id of its own, or the last words. */
export function step(...calls: readonly (readonly [name: string, input: object])[]): Script {
  return async function* () {
    yield start;
    if (calls.length === 0) yield* textBlock(0, "Done.");
    for (const [at, [name, input]] of calls.entries()) {
      for (const event of toolBlock(at, name, JSON.stringify(input))) {
        yield event.type === "block-start" ? { ...event, block: { type: "tool_use", id: `toolu_${nextId++}`, name } } : event;
      }
    }
    yield end({ stopReason: calls.length === 0 ? "end_turn" : "tool_use" });
  };
}
