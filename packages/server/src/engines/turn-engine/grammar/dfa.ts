import { ALL, type CharSet, MAX_CODE_POINT, charSet, complement, has } from "./char-set.ts";
import type { RegexNode } from "./parse-regex.ts";

/** A deterministic automaton over code points; state 0 is the first. Every state can reach an accepting one. */
export type Dfa = readonly DfaState[];

export interface DfaState {
  readonly accepts: boolean;
  readonly edges: readonly { readonly set: CharSet; readonly target: number }[];
}

interface NfaState {
  /** Edges that read nothing; `at` restricts them to the text's start or end. */
  readonly free: { readonly target: number; readonly at: "start" | "end" | null }[];
  readonly edges: { readonly set: CharSet; readonly target: number }[];
}

const MOST_NFA_STATES = 4000;
const MOST_DFA_STATES = 600;
const MOST_CLASSES = 300;

class TooLarge extends Error {
  override readonly name = "TooLarge";
}

/**
 * The automaton of all texts in which the expression is found (as JSON Schema's `pattern` wants it) and that have
 * between `minLength` and `maxLength` code points. Null when it is too large or when no text fits.
 */
export function regexDfa(node: RegexNode, minLength = 0, maxLength: number | null = null): Dfa | null {
  try {
    const found = trim(determinize(buildNfa(node)));
    if (found === null) return null;
    const whole = minimize(found);
    if (minLength === 0 && maxLength === null) return whole;
    return trim(withLengths(whole, minLength, maxLength));
  } catch (error) {
    if (error instanceof TooLarge) return null;
    throw error;
  }
}

/** The automaton of all texts but these. */
export function allExcept(texts: readonly string[]): Dfa {
  const states: { accepts: boolean; edges: Map<number, number> }[] = [{ accepts: true, edges: new Map() }];
  for (const text of texts) {
    let at = 0;
    for (const character of text) {
      const code = character.codePointAt(0) ?? 0;
      let next = states[at]?.edges.get(code);
      if (next === undefined) {
        next = states.length;
        states.push({ accepts: true, edges: new Map() });
        states[at]?.edges.set(code, next);
      }
      at = next;
    }
    const last = states[at];
    if (last !== undefined) last.accepts = false;
  }
  const anything = states.length;
  const trie = states.map(({ accepts, edges }) => {
    const known = [...edges].map(([code, target]) => ({ set: charSet([[code, code]]), target }));
    const others = charSet([...edges.keys()].map((code) => [code, code] as const));
    return { accepts, edges: [...known, { set: complement(others), target: anything }] };
  });
  return [...trie, { accepts: true, edges: [{ set: ALL, target: anything }] }];
}

/** Whether the automaton accepts the text; linear in its length. */
export function accepts(dfa: Dfa, text: string): boolean {
  let state = dfa[0];
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    const edge = state?.edges.find(({ set }) => has(set, code));
    if (edge === undefined) return false;
    state = dfa[edge.target];
  }
  return state?.accepts ?? false;
}

/** State 0 is before anything is read, 1 accepts; both may read on, for the expression may be found anywhere. */
function buildNfa(node: RegexNode): readonly NfaState[] {
  const states: NfaState[] = [];
  const add = (): number => {
    if (states.length >= MOST_NFA_STATES) throw new TooLarge();
    return states.push({ free: [], edges: [] }) - 1;
  };
  const free = (from: number, target: number, at: "start" | "end" | null = null): void => {
    states[from]?.free.push({ target, at });
  };
  const build = (part: RegexNode, from: number, to: number): void => {
    switch (part.kind) {
      case "set":
        states[from]?.edges.push({ set: part.set, target: to });
        return;
      case "start":
      case "end":
        free(from, to, part.kind);
        return;
      case "alt":
        for (const inner of part.nodes) build(inner, from, to);
        return;
      case "cat": {
        let at = from;
        for (const inner of part.nodes) {
          const next = add();
          build(inner, at, next);
          at = next;
        }
        free(at, to);
        return;
      }
      case "repeat": {
        let at = from;
        for (let count = 0; count < part.min; count += 1) {
          const next = add();
          build(part.node, at, next);
          at = next;
        }
        if (part.max === null) {
          const loop = add();
          const back = add();
          free(at, loop);
          build(part.node, loop, back);
          free(back, loop);
          free(loop, to);
          return;
        }
        free(at, to);
        for (let count = part.min; count < part.max; count += 1) {
          const next = add();
          build(part.node, at, next);
          free(next, to);
          at = next;
        }
        return;
      }
      default:
        part satisfies never;
    }
  };
  const start = add();
  const accept = add();
  const search = add();
  free(start, search);
  states[search]?.edges.push({ set: ALL, target: search });
  const first = add();
  free(search, first);
  build(node, first, accept);
  states[accept]?.edges.push({ set: ALL, target: accept });
  return states;
}

function closure(nfa: readonly NfaState[], from: readonly number[], atStart: boolean, atEnd: boolean): readonly number[] {
  const seen = new Set(from);
  const todo = [...from];
  for (let state = todo.pop(); state !== undefined; state = todo.pop()) {
    for (const { target, at } of nfa[state]?.free ?? []) {
      if ((at === "start" && !atStart) || (at === "end" && !atEnd) || seen.has(target)) continue;
      seen.add(target);
      todo.push(target);
    }
  }
  return [...seen].toSorted((a, b) => a - b);
}

function determinize(nfa: readonly NfaState[]): Dfa {
  const borders = new Set<number>([0]);
  for (const { edges } of nfa) {
    for (const { set } of edges) {
      for (const [low, high] of set) {
        borders.add(low);
        borders.add(high + 1);
      }
    }
  }
  const lows = [...borders].filter((border) => border <= MAX_CODE_POINT).toSorted((a, b) => a - b);
  if (lows.length > MOST_CLASSES) throw new TooLarge();
  const states: { accepts: boolean; edges: { set: CharSet; target: number }[] }[] = [];
  const sets: (readonly number[])[] = [];
  const indexes = new Map<string, number>();
  const add = (set: readonly number[], isStart: boolean): number => {
    // Once the pattern has been found nothing else matters: state 1 reads everything.
    const key = isStart ? "start" : set.includes(1) ? "found" : set.join();
    const known = indexes.get(key);
    if (known !== undefined) return known;
    if (states.length >= MOST_DFA_STATES) throw new TooLarge();
    indexes.set(key, states.length);
    sets.push(set);
    return states.push({ accepts: closure(nfa, set, isStart, true).includes(1), edges: [] }) - 1;
  };
  add(closure(nfa, [0], true, false), true);
  for (let index = 0; index < states.length; index += 1) {
    const byTarget = new Map<number, [number, number][]>();
    for (const [position, low] of lows.entries()) {
      const high = (lows[position + 1] ?? MAX_CODE_POINT + 1) - 1;
      const reached = (sets[index] ?? []).flatMap((state) =>
        (nfa[state]?.edges ?? []).filter(({ set }) => has(set, low)).map(({ target }) => target),
      );
      if (reached.length === 0) continue;
      const target = add(closure(nfa, reached, false, false), false);
      byTarget.set(target, [...(byTarget.get(target) ?? []), [low, high]]);
    }
    states[index]?.edges.push(...[...byTarget].map(([target, ranges]) => ({ set: charSet(ranges), target })));
  }
  return states;
}

/** Drops states from which nothing is accepted; null when that is all. */
function trim(dfa: Dfa): Dfa | null {
  const alive = new Set(dfa.keys().filter((state) => dfa[state]?.accepts));
  for (let grew = true; grew;) {
    grew = false;
    for (const [state, { edges }] of dfa.entries()) {
      if (!alive.has(state) && edges.some(({ target }) => alive.has(target))) {
        alive.add(state);
        grew = true;
      }
    }
  }
  if (!alive.has(0)) return null;
  const order = dfa
    .keys()
    .filter((state) => alive.has(state))
    .toArray();
  const renamed = new Map(order.map((state, index) => [state, index]));
  return order.map((state) => {
    const { accepts: accepting = false, edges = [] } = dfa[state] ?? {};
    const kept = edges.filter(({ target }) => alive.has(target));
    return { accepts: accepting, edges: kept.map(({ set, target }) => ({ set, target: renamed.get(target) ?? 0 })) };
  });
}

/** Moore's partition refinement: states that no text tells apart become one. */
function minimize(dfa: Dfa): Dfa {
  let block: number[] = dfa.map(({ accepts: accepting }) => (accepting ? 1 : 0));
  for (let count = 0; ;) {
    const names = new Map<string, number>();
    const next = dfa.map(({ edges }, state) => {
      const byBlock = new Map<number, (readonly [number, number])[]>();
      for (const { set, target } of edges) {
        const to = block[target] ?? 0;
        byBlock.set(to, [...(byBlock.get(to) ?? []), ...set]);
      }
      const signature = [...byBlock].map(([to, ranges]) => `${to}:${charSet(ranges).join(";")}`).toSorted();
      const key = `${block[state]}|${signature.join("|")}`;
      const name = names.get(key) ?? names.size;
      names.set(key, name);
      return name;
    });
    block = next;
    if (names.size === count) break;
    count = names.size;
  }
  // Blocks are named in the order of their first state, so state 0 stays 0.
  const firsts = new Map<number, number>();
  for (const [state, name] of block.entries()) if (!firsts.has(name)) firsts.set(name, state);
  return [...firsts.values()].map((state) => {
    const { accepts: accepting = false, edges = [] } = dfa[state] ?? {};
    const byBlock = new Map<number, (readonly [number, number])[]>();
    for (const { set, target } of edges) {
      const to = block[target] ?? 0;
      byBlock.set(to, [...(byBlock.get(to) ?? []), ...set]);
    }
    return { accepts: accepting, edges: [...byBlock].map(([target, ranges]) => ({ set: charSet(ranges), target })) };
  });
}

/** Counts code points beside the automaton; without an upper bound the count stops at the lower one. */
function withLengths(dfa: Dfa, minLength: number, maxLength: number | null): Dfa {
  const most = maxLength ?? minLength;
  if (dfa.length * (most + 1) > 8 * MOST_DFA_STATES) throw new TooLarge();
  const states: { accepts: boolean; edges: { set: CharSet; target: number }[] }[] = [];
  const pairs: (readonly [number, number])[] = [];
  const indexes = new Map<number, number>();
  const add = (state: number, length: number): number => {
    const key = state * (most + 1) + length;
    const known = indexes.get(key);
    if (known !== undefined) return known;
    indexes.set(key, states.length);
    pairs.push([state, length]);
    return states.push({ accepts: length >= minLength && (dfa[state]?.accepts ?? false), edges: [] }) - 1;
  };
  add(0, 0);
  for (let index = 0; index < states.length; index += 1) {
    const [state, length] = pairs[index] ?? [0, 0];
    if (maxLength !== null && length === maxLength) continue;
    const next = Math.min(length + 1, most);
    for (const { set, target } of dfa[state]?.edges ?? []) {
      states[index]?.edges.push({ set, target: add(target, maxLength === null ? next : length + 1) });
    }
  }
  return states;
}
