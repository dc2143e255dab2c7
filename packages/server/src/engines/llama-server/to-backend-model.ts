import type { BackendModel } from "../backend.ts";
import { specialTokenIds, specialTokenText, type GgufFacts } from "../gguf/gguf-facts.ts";

/** A file's facts as the token backend shows them, with what only the running engine knows. */
export function toBackendModel(
  facts: GgufFacts,
  engine: Pick<BackendModel, "contextTokens" | "endTokens"> & { readonly slots: number },
): BackendModel {
  const { contextTokens, endTokens, slots } = engine;
  return {
    // The engines pack a slot's state differently, and llama.cpp refuses a state from a cache of other streams.
    fingerprint: `${facts.fingerprint}-llama-server-${slots}`,
    contextTokens,
    chatTemplate: facts.chatTemplate,
    architecture: facts.architecture,
    bosToken: specialTokenText(facts, facts.bosToken),
    eosToken: specialTokenText(facts, facts.eosToken),
    addBos: facts.addBos,
    endTokens,
    specialTokens: specialTokenIds(facts),
    canTruncate: facts.recurrentBytes === 0 && facts.slidingWindowTokens === null,
  };
}
