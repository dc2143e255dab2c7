/**
 * How many people an engine serves, by simulation: users who think, ask and read, over slots with measured rates.
 *
 *   node --conditions=source bench/scale/users/run.ts [--prefill N --decode 1:N,4:N,8:N --slots N,N]
 *     [--first-token SECONDS] [--hours N]
 *
 * Without rates it takes those of docs/benchmarks.md. A number of users is served where 95 % of their turns show a first token
 * within `--first-token` seconds and half of the replies come at three tokens a second at least. `check.ts` holds the same simulation
 * against a real server.
 */
import { parseArgs } from "node:util";
import { quantile } from "../../support/statistics.ts";
import { type EngineRates, simulate } from "./simulate.ts";
import { type Profile, PROFILES, turnsOf } from "./users.ts";

type Measured = Pick<EngineRates, "prefill" | "decode">;

/** llama-server on two cores with AMX, through Parley: docs/benchmarks.md. */
const MEASURED: Readonly<Record<string, Measured>> = {
  "0.5B, 2 cores": {
    prefill: 179,
    decode: [
      [1, 24],
      [4, 42.1],
      [8, 61.4],
    ],
  },
  "1.5B, 2 cores": {
    prefill: 145,
    decode: [
      [1, 12],
      [4, 21.2],
      [8, 27],
    ],
  },
};
const SLOWEST_STREAM = 3;
const MOST_USERS = 5_000;
const WARM_SHARE = 0.1;

const { values } = parseArgs({
  options: {
    prefill: { type: "string" },
    decode: { type: "string" },
    slots: { type: "string", default: "4,8" },
    "first-token": { type: "string", default: "10" },
    hours: { type: "string", default: "2" },
  },
});
const engines: Readonly<Record<string, Measured>> =
  values.prefill === undefined || values.decode === undefined
    ? MEASURED
    : { "as given": { prefill: Number(values.prefill), decode: readDecode(values.decode) } };
const seconds = Number(values.hours) * 3_600;
const goalSeconds = Number(values["first-token"]);

console.log(`| engine | slots | users | served | turns an hour | first token, half, 95 % | a stream, tokens/s |`);
console.log("|---|---:|---|---:|---:|---:|---:|");
for (const [name, measured] of Object.entries(engines)) {
  for (const slots of values.slots.split(",").map(Number)) {
    for (const profile of PROFILES) {
      const rates = { ...measured, slots };
      const users = mostUsers(rates, profile);
      const seen = observe(rates, profile, Math.max(1, users));
      const cells = [
        name,
        slots,
        profile.name,
        users,
        Math.round(seen.turnsAnHour),
        `${seen.firstTokenHalf.toFixed(1)} s, ${seen.firstToken95.toFixed(1)} s`,
        seen.streamHalf.toFixed(1),
      ];
      console.log(`| ${cells.join(" | ")} |`);
    }
  }
}

function observe(rates: EngineRates, profile: Profile, count: number) {
  const users = Array.from({ length: count }, (_, index) => turnsOf(profile, index + 1));
  const turns = simulate(rates, users, seconds).filter(({ askedAt }) => askedAt > seconds * WARM_SHARE);
  const waits = turns.map(({ askedAt, firstTokenAt }) => firstTokenAt - askedAt);
  const streams = turns
    .filter(({ outputTokens }) => outputTokens > 1)
    .map(({ firstTokenAt, endedAt, outputTokens }) => (outputTokens - 1) / (endedAt - firstTokenAt));
  return {
    turnsAnHour: (turns.length / (seconds * (1 - WARM_SHARE))) * 3_600,
    firstTokenHalf: quantile(waits, 0.5),
    firstToken95: quantile(waits, 0.95),
    streamHalf: quantile(streams, 0.5),
  };
}

/** The most that are served; 0: not even one. */
function mostUsers(rates: EngineRates, profile: Profile): number {
  const isServed = (count: number): boolean => {
    const { firstToken95, streamHalf } = observe(rates, profile, count);
    return firstToken95 <= goalSeconds && streamHalf >= SLOWEST_STREAM;
  };
  let [served, refused] = [0, 1];
  while (refused <= MOST_USERS && isServed(refused)) [served, refused] = [refused, refused * 2];
  while (refused - served > Math.max(1, Math.floor(served / 50))) {
    const middle = Math.floor((served + refused) / 2);
    if (isServed(middle)) served = middle;
    else refused = middle;
  }
  return served;
}

function readDecode(text: string): EngineRates["decode"] {
  return text
    .split(",")
    .map((pair) => pair.split(":").map(Number))
    .map(([streams = Number.NaN, rate = Number.NaN]) => [streams, rate] as const);
}
