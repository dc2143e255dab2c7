import { choosePassage } from "./citations/choose-passage.ts";
import { CitedText } from "./citations/cited-text.ts";
import { closeThought } from "./generate-thinking.ts";
import { type ReplyEnding, type ReplyEvents, type ReplyState, ending, outOfRoom } from "./reply-state.ts";
import type { ScanEvent, Thoughts } from "./syntax/tool-syntax.ts";
import { TextSink } from "./text-sink.ts";
import type { TurnEvent } from "../../turn/turn-event.ts";

/** Decodes plain text until the model ends it, a stop sequence matches, or the room is used up. */
export async function* generateText(state: ReplyState, thoughts: Thoughts): ReplyEvents {
  const { decoder } = state;
  const cited = state.citer && new CitedText(state.writer, state.citer, { asks: true });
  const sink = textSink(state, cited);
  const scanner = state.syntax.scanner([], { unknownCalls: false, thoughts });
  const base = decoder.log.text.length;
  const finish = async function* (end: ReplyEnding): ReplyEvents {
    yield* sink.finish();
    yield* decideAll(state, cited);
    yield* state.writer.stop();
    return sink.endingOr(end);
  };
  const begin = () => decoder.decode({ grammar: null, sampler: state.sampler });
  let decode = begin();
  try {
    for (;;) {
      const step = await decode.next();
      if (step.done) {
        yield* writeText(sink, scanner.finish());
        return yield* finish(step.value === "room" ? outOfRoom(state) : ending("end_turn"));
      }
      if (typeof step.value !== "string") {
        yield { type: "progress", phase: "prefill", ...step.value };
        continue;
      }
      const thoughtAt = yield* writeText(sink, scanner.push(step.value));
      if (sink.matched !== null) return yield* finish(ending("end_turn"));
      if (thoughtAt !== null) {
        await decode.return("end-token");
        if (!(await closeThought(state, base + thoughtAt))) return yield* finish({ ...outOfRoom(state), replayable: false });
        scanner.restart(decoder.log.text.length - base);
        decode = begin();
      } else if (cited?.undecided) {
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

/** Returns where the tag of a thought ends that the model has opened, or null. */
function* writeText(sink: TextSink, events: readonly ScanEvent[]): Generator<TurnEvent, number | null, void> {
  let thoughtAt: number | null = null;
  for (const event of events) {
    if (event.type === "text") yield* sink.push(event.text);
    else if (event.type === "thought") thoughtAt = event.end;
  }
  return thoughtAt;
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
