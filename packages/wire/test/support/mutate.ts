/** Numbers from 0 to below 1, the same for the same seed (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const JUNK: readonly (() => unknown)[] = [
  () => null,
  () => true,
  () => false,
  () => 0,
  () => -1,
  () => 1.5,
  () => 1e300,
  () => JSON.parse("1e999"),
  () => 2 ** 53,
  () => "",
  () => " ",
  () => "x",
  () => "\ud800",
  () => "a b",
  () => "x".repeat(2_000),
  () => "constructor",
  () => "1h",
  () => [],
  () => [null],
  () => [[]],
  () => ["text"],
  () => ({}),
  () => ({ type: "text" }),
  () => ({ type: "image" }),
  () => ({ type: {} }),
  () => ({ type: null }),
  () => JSON.parse('{"__proto__":{"type":"text"}}'),
  () => ({ toString: 1 }),
  () => ({ type: "ephemeral", ttl: "1h" }),
  () => ({ type: "web_search_20250305", name: "web_search" }),
  () => ({ type: "text", text: "more" }),
  () => ({ type: "server_tool_use", id: "srvtoolu_1", name: "web_search", input: {} }),
  () => deep(500),
  // Well-formed, so that mutations also reach what stands behind the validation.
  ...Array.from({ length: 8 }, () => () => ({ type: "image", source: { type: "file", file_id: "file_1" } })),
  () => ({ type: "document", source: { type: "base64", media_type: "application/pdf", data: "JVBE" } }),
  () => ({ type: "code_execution_20250825", name: "code_execution" }),
];

const KEYS = ["type", "cache_control", "text", "content", "citations", "__proto__", "constructor", "toString", "name", "foo", ""];

function deep(levels: number): unknown {
  let value: unknown = {};
  for (let level = 0; level < levels; level += 1) value = level % 2 ? [value] : { a: value };
  return value;
}

interface Place {
  readonly holder: Record<string, unknown> | unknown[];
  readonly key: string | number;
}

function places(value: unknown, found: Place[] = []): Place[] {
  if (typeof value !== "object" || value === null) return found;
  const holder = value as Record<string, unknown>;
  for (const key of Object.keys(holder)) {
    found.push({ holder, key: Array.isArray(value) ? Number(key) : key });
    places(holder[key], found);
  }
  return found;
}

/** A copy of `body` with one to three (mostly one) random wounds: values replaced, taken out, doubled, swapped or put under odd keys. */
export function mutate(body: unknown, random: () => number): unknown {
  const copy: unknown = structuredClone(body);
  const pick = <Item>(items: readonly Item[]): Item => items[Math.floor(random() * items.length)]!;
  const wounds = 1 + Math.floor(random() ** 3 * 3);
  for (let wound = 0; wound < wounds; wound += 1) {
    // The first wound sees the whole; later ones may meet a deep value, which needs no walk.
    const all = wound === 0 ? places(copy) : places(copy).slice(0, 5_000);
    if (all.length === 0) break;
    const { holder, key } = pick(all);
    const target = holder as Record<string | number, unknown>;
    switch (Math.floor(random() * 6)) {
      case 0:
        if (Array.isArray(holder)) holder.splice(Number(key), 1);
        else delete target[key];
        break;
      case 1:
        if (Array.isArray(holder))
          holder.splice(Number(key), 0, random() < 0.5 ? structuredClone(holder[Number(key)]) : pick(JUNK)());
        else
          Object.defineProperty(target, pick(KEYS), {
            value: pick(JUNK)(),
            enumerable: true,
            configurable: true,
            writable: true,
          });
        break;
      case 2: {
        const other = pick(all);
        target[key] = structuredClone((other.holder as Record<string | number, unknown>)[other.key]);
        break;
      }
      default:
        target[key] = pick(JUNK)();
    }
  }
  return copy;
}
