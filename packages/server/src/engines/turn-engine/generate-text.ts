import { type ReplyEvents, type ReplyState, ending, outOfRoom } from "./reply-state.ts";
import { TextSink } from "./text-sink.ts";

/** Decodes plain text until the model ends it, a stop sequence matches, or the room is used up. */
export async function* generateText(state: ReplyState): ReplyEvents {
  const sink = textSink(state);
  const decode = state.decoder.decode({ grammar: null, sampler: state.sampler });
  try {
    for (;;) {
      const step = await decode.next();
      if (step.done) {
        yield* sink.finish();
        yield* state.writer.stop();
        return step.value === "room" ? outOfRoom(state) : ending("end_turn");
      }
      if (typeof step.value !== "string") {
        yield { type: "progress", phase: "prefill", ...step.value };
        continue;
      }
      const matched = yield* sink.push(step.value);
      if (matched !== null) {
        yield* state.writer.stop();
        return ending("stop_sequence", { stopSequence: matched, replayable: false });
      }
    }
  } finally {
    await decode.return("end-token");
  }
}

export function textSink(state: ReplyState): TextSink {
  return new TextSink(state.writer, { stopSequences: state.turn.stopSequences, trimStart: !state.prefilled });
}
