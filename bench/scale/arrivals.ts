import { createRandom } from "./users/users.ts";

/** A turn that comes. */
export interface Arrival {
  readonly atMs: number;
  readonly key: number;
  readonly organization: number;
  readonly node: number;
}

export interface Arrivals {
  readonly turnsPerSecond: number;
  readonly nodes: number;
  /** To which node a turn goes: any, or its organization's. */
  readonly balance: "any" | "organization";
  readonly organizations: number;
  /** Draws a key. */
  readonly popularity: (random: number) => number;
}

const MS_PER_SECOND = 1_000;

/** Turns without end, at random times at an even rate; the same for the same seed. */
export function* drawArrivals(
  { turnsPerSecond, nodes, balance, organizations, popularity }: Arrivals,
  seed = 1,
): Generator<Arrival, never> {
  const random = createRandom(seed);
  for (let atMs = 0; ;) {
    atMs += (-Math.log(1 - random()) / turnsPerSecond) * MS_PER_SECOND;
    const key = popularity(random());
    const organization = key % organizations;
    const node = balance === "any" ? Math.floor(random() * nodes) : organization % nodes;
    yield { atMs, key, organization, node };
  }
}
