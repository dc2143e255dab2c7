import { GrammarRejected } from "../backend.ts";
import type { CompiledOutputSchema } from "./grammar/compile-output-schema.ts";
import { textSink } from "./generate-text.ts";
import { RESAMPLE } from "./samplers.ts";
import { type ReplyEnding, type ReplyEvents, type ReplyState, ending, outOfRoom } from "./reply-state.ts";

/** How often a reply is decoded whose schema the grammar could not wholly express. */
const ATTEMPTS = 2;

/**
 * Decodes the JSON of `output_config.format`, as text deltas. Where the grammar is the whole schema it streams; where
 * the schema had to be relaxed the text is held, validated, decoded once more, and refused if it fails again.
 */
export async function* generateStructured(state: ReplyState, schema: CompiledOutputSchema): ReplyEvents {
  const { decoder, writer } = state;
  const sink = textSink(state);
  const finish = async function* (end: ReplyEnding): ReplyEvents {
    yield* sink.finish();
    yield* writer.stop();
    return sink.endingOr(end);
  };
  const start = decoder.log.text.length;
  let grammar = schema.gbnf;
  let streams = schema.exact;
  let error: string | null = null;
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const sampler = attempt === 0 ? state.sampler : RESAMPLE;
    const decode = decoder.decode({ grammar, sampler });
    let end: "end-token" | "room" = "room";
    try {
      while (sink.matched === null) {
        const step = await decode.next();
        if (step.done) {
          end = step.value;
          break;
        }
        if (typeof step.value !== "string") yield { type: "progress", phase: "prefill", ...step.value };
        else if (streams) yield* sink.push(step.value);
      }
    } catch (thrown) {
      if (!(thrown instanceof GrammarRejected) || grammar === schema.anyJsonGbnf) throw thrown;
      state.note("grammar-rejected");
      grammar = schema.anyJsonGbnf;
      streams = false;
      attempt -= 1;
      continue;
    } finally {
      await decode.return("end-token");
    }
    const text = decoder.log.text.slice(start);
    if (end === "room") {
      if (!streams) yield* sink.push(text);
      return yield* finish(outOfRoom(state));
    }
    error = streams ? null : schema.validateText(text);
    if (error === null) {
      if (!streams) yield* sink.push(text);
      return yield* finish(ending("end_turn"));
    }
    state.note("call-resampled");
    decoder.log.rewindTo(start);
  }
  state.note("call-refused");
  return ending("refusal", {
    refusal: `The model's reply does not satisfy output_config.format: ${error ?? "no reply"}`,
    replayable: false,
  });
}
