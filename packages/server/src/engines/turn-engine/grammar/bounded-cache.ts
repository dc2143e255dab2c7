import { createSizedCache, type SizedCache } from "../../../platform/sized-cache.ts";

/** A map of so many entries that makes what it does not have. */
export class BoundedCache<T> {
  readonly #entries: SizedCache<{ readonly value: T }>;

  constructor(most: number) {
    this.#entries = createSizedCache({ maxWeight: most, weigh: () => 1 });
  }

  get(key: string, make: () => T): T {
    const known = this.#entries.get(key);
    if (known) return known.value;
    const value = make();
    this.#entries.set(key, { value });
    return value;
  }
}
