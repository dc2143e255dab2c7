/** Bounds of a number as JSON Schema gives them. */
export interface NumberBounds {
  readonly min: number | null;
  readonly max: number | null;
  readonly minExclusive: boolean;
  readonly maxExclusive: boolean;
}

/** Whole numbers have at most this many digits, so that a model cannot write digits for ever. */
const MOST_DIGITS = 16;
const LARGEST = 10n ** BigInt(MOST_DIGITS) - 1n;

export interface NumberBody {
  /** GBNF. */
  readonly body: string;
  /** The bounds are wider than the schema's. */
  readonly relaxed: boolean;
}

/** Null when no whole number lies between the bounds. */
export function integerBody({ min, max, minExclusive, maxExclusive }: NumberBounds): NumberBody | null {
  if (min === null && max === null) return { body: "j-int", relaxed: false };
  const low = min === null ? null : BigInt(clamp(Math.ceil(min))) + (minExclusive && Number.isInteger(min) ? 1n : 0n);
  const high = max === null ? null : BigInt(clamp(Math.floor(max))) - (maxExclusive && Number.isInteger(max) ? 1n : 0n);
  const parts = signedRange(low, high);
  return parts.length === 0 ? null : { body: parts.join(" | "), relaxed: isHuge(min) || isHuge(max) };
}

/** Null when nothing lies between the bounds. Bounds that are no whole numbers are widened to the next ones. */
export function numberBody(bounds: NumberBounds): NumberBody | null {
  const { min, max } = bounds;
  if (min === null && max === null) return { body: "j-num", relaxed: false };
  if (min !== null && max !== null && (min > max || (min === max && (bounds.minExclusive || bounds.maxExclusive)))) {
    return null;
  }
  const low = edge(min, bounds.minExclusive, Math.floor);
  const high = edge(max, bounds.maxExclusive, Math.ceil);
  const zero: Edge = { value: 0n, exclusive: false };
  const positive = high !== null && high.value < 0n ? [] : magnitudes(low !== null && low.value >= 0n ? low : zero, high);
  const mirrored = high !== null && high.value <= 0n ? { ...high, value: -high.value } : zero;
  const negative =
    low !== null && low.value >= 0n ? [] : magnitudes(mirrored, low === null ? null : { ...low, value: -low.value });
  const parts = [...positive, ...negative.map((part) => `"-" ( ${part} )`)];
  const relaxed = [min, max].some((bound) => bound !== null && (!Number.isInteger(bound) || isHuge(bound)));
  return parts.length === 0 ? null : { body: parts.join(" | "), relaxed };
}

interface Edge {
  readonly value: bigint;
  readonly exclusive: boolean;
}

function edge(bound: number | null, exclusive: boolean, widen: (value: number) => number): Edge | null {
  if (bound === null) return null;
  return { value: BigInt(clamp(widen(bound))), exclusive: exclusive && Number.isInteger(bound) };
}

function isHuge(bound: number | null): boolean {
  return bound !== null && Math.abs(bound) > Number.MAX_SAFE_INTEGER;
}

function clamp(value: number): number {
  return Math.max(-Number.MAX_SAFE_INTEGER, Math.min(Number.MAX_SAFE_INTEGER, value));
}

/** Numbers without a sign from `low` to `high`, fractions included. */
function magnitudes(low: Edge, high: Edge | null): readonly string[] {
  const parts: string[] = [];
  const first = low.exclusive ? low.value + 1n : low.value;
  const last = high === null ? LARGEST : high.value - 1n;
  if (first <= last) parts.push(`( ${range(first, last)} ) j-frac`);
  if (low.exclusive && (high === null || low.value < high.value)) {
    parts.push(`"${low.value}." [0-9]{0,14} [1-9]`);
  }
  if (high !== null && !high.exclusive && high.value >= first) parts.push(`"${high.value}"`, `"${high.value}.0"`);
  return parts;
}

function signedRange(low: bigint | null, high: bigint | null): readonly string[] {
  const parts: string[] = [];
  const from = low === null || low < 0n ? 0n : low;
  const to = high ?? LARGEST;
  if (from <= to) parts.push(range(from, to));
  const negativeFrom = high === null || high >= 0n ? 1n : -high;
  const negativeTo = low === null ? LARGEST : -low;
  if (negativeFrom <= negativeTo) parts.push(`"-" ( ${range(negativeFrom, negativeTo)} )`);
  return parts;
}

/** Whole numbers from `low` to `high`, neither negative, without leading zeros. */
function range(low: bigint, high: bigint): string {
  const parts: string[] = [];
  let from = low;
  while (from <= high) {
    const digits = from.toString().length;
    const last = 10n ** BigInt(digits) - 1n;
    // From a power of ten to the largest number of several lengths at once.
    if (from === 10n ** BigInt(digits - 1) && from > 0n && high === LARGEST) {
      parts.push(`[1-9] [0-9]{${digits - 1},${MOST_DIGITS - 1}}`);
      break;
    }
    const to = last < high ? last : high;
    parts.push(sameLength(from.toString(), to.toString()));
    from = last + 1n;
  }
  return parts.join(" | ");
}

/** Digits from `low` to `high`, both of one length. */
function sameLength(low: string, high: string): string {
  if (low === high) return low === "" ? '""' : `"${low}"`;
  const rest = low.length - 1;
  const a = Number(low[0]);
  const b = Number(high[0]);
  if (a === b) return `"${a}" ( ${sameLength(low.slice(1), high.slice(1))} )`;
  if (rest === 0) return `[${a}-${b}]`;
  const lowIsFull = /^0*$/u.test(low.slice(1));
  const highIsFull = /^9*$/u.test(high.slice(1));
  const first = lowIsFull ? a : a + 1;
  const last = highIsFull ? b : b - 1;
  const parts: string[] = [];
  if (!lowIsFull) parts.push(`"${a}" ( ${sameLength(low.slice(1), "9".repeat(rest))} )`);
  if (first <= last) parts.push(`[${first}-${last}] [0-9]{${rest}}`);
  if (!highIsFull) parts.push(`"${b}" ( ${sameLength("0".repeat(rest), high.slice(1))} )`);
  return parts.join(" | ");
}
