import type { BackendModel, TokenBackend } from "../backend.ts";
import { specialTokenIds, specialTokenText, type GgufFacts } from "./gguf-facts.ts";

/** A file's facts as the token backend shows them, with what only the running engine knows. */
export function toBackendModel(
  facts: GgufFacts,
  engine: Pick<BackendModel, "contextTokens" | "endTokens"> & Pick<TokenBackend, "kind" | "slots">,
): BackendModel {
  const { kind, slots, contextTokens, endTokens } = engine;
  return {
    // A snapshot is read only by what wrote it: the engines pack a slot's state differently. llama.cpp also writes the number
    // of slots into it and refuses another; where the layout is plain, `fitSnapshot` mends that.
    fingerprint: `${facts.fingerprint}-${kind}${canTruncate(facts) ? "" : `-${slots}`}`,
    contextTokens,
    chatTemplate: facts.chatTemplate,
    architecture: facts.architecture,
    bosToken: specialTokenText(facts, facts.bosToken),
    eosToken: specialTokenText(facts, facts.eosToken),
    addBos: facts.addBos,
    endTokens,
    specialTokens: specialTokenIds(facts),
    canTruncate: canTruncate(facts),
  };
}

/** Whether a slot's state can be cut back to a shorter prefix: recurrent state and a sliding window have no way back. */
export function canTruncate(facts: GgufFacts): boolean {
  return facts.recurrentBytes === 0 && facts.slidingWindowTokens === null;
}
