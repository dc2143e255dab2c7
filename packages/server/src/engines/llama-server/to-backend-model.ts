import type { BackendModel } from "../backend.ts";
import { specialTokenIds, specialTokenText, type GgufFacts } from "../gguf/gguf-facts.ts";

/** A file's facts as the token backend shows them. `contextTokens`: what the engine really gives each slot. */
export function toBackendModel(facts: GgufFacts, contextTokens: number): BackendModel {
  return {
    // The two engines pack a slot's state differently, so a snapshot of one is foreign to the other.
    fingerprint: `llama-server/${facts.fingerprint}`,
    contextTokens,
    chatTemplate: facts.chatTemplate,
    architecture: facts.architecture,
    bosToken: specialTokenText(facts, facts.bosToken),
    eosToken: specialTokenText(facts, facts.eosToken),
    addBos: facts.addBos,
    endTokens: facts.endTokens,
    specialTokens: specialTokenIds(facts),
    canTruncate: facts.recurrentBytes === 0 && facts.slidingWindowTokens === null,
  };
}
