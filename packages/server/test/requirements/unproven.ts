import type { Unproven } from "./requirement.ts";

/** Promises that no test proves yet. A test of one moves it to the lists of requirements. */
export const unproven: readonly Unproven[] = [
  {
    id: "tools:forced-valid",
    source: "3",
    behaviour: "Under any, tool, strict and a format, all replies that finish validate, on any model.",
    reason: "Proved for the grammar, the syntaxes and a scripted engine apart; the share on real weights comes from bench/tools.",
  },
  {
    id: "count:features",
    source: "4",
    behaviour: "Counts are exact for every feature: tools, documents, thinking history.",
    reason: "Proved on real weights for one request; not feature by feature.",
  },
];
