import { choosePassage } from "./citations/choose-passage.ts";
import { CitedText } from "./citations/cited-text.ts";
import { type ReplyEvents, type ReplyState, ending, outOfRoom } from "./reply-state.ts";
import { TextSink } from "./text-sink.ts";
import type { TurnEvent } from "../../turn/turn-event.ts";

/** Decodes plain text until the model ends it, a stop sequence matches, or the room is used up. */
export async function* generateText(state: ReplyState): ReplyEvents {
  const cited = state.citer && new CitedText(state.writer, state.citer, { asks: true });
  const sink = textSink(state, cited);
  const begin = () => state.decoder.decode({ grammar: null, sampler: state.sampler });
  let decode = begin();
  try {
    for (;;) {
      const step = await decode.next();
      if (step.done) {
        yield* sink.finish();
        yield* decideAll(state, cited);
        yield* state.writer.stop();
        return step.value === "room" ? outOfRoom(state) : ending("end_turn");
      }
      if (typeof step.value !== "string") {
        yield { type: "progress", phase: "prefill", ...step.value };
        continue;
      }
      const matched = yield* sink.push(step.value);
      if (matched !== null) {
        yield* decideAll(state, cited);
        yield* state.writer.stop();
        return ending("stop_sequence", { stopSequence: matched, replayable: false });
      }
      if (cited?.undecided) {
        // The model is asked on the slot that it writes on.
        await decode.return("end-token");
        yield* decideAll(state, cited);
        decode = begin();
      }
    }
  } finally {
    await decode.return("end-token");
  }
}

async function* decideAll(state: ReplyState, cited: CitedText | null): AsyncGenerator<TurnEvent, void, void> {
  for (let piece = cited?.undecided; piece; piece = cited?.undecided) {
    const choice = await choosePassage(state, piece.text, piece.candidates);
    if (cited) yield* cited.decide(choice);
  }
}

/** `cited`: null takes the best passage for each sentence where there is something to cite. */
export function textSink(state: ReplyState, cited: CitedText | null = null): TextSink {
  const own = state.citer && new CitedText(state.writer, state.citer, { asks: false });
  return new TextSink(state.writer, {
    stopSequences: state.turn.stopSequences,
    trimStart: !state.prefilled,
    cited: cited ?? own,
  });
}
