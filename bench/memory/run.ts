/**
 * Memory of the server's process without its engine and its database, at rest: after the start, and after turns.
 *
 *   node --conditions=source bench/memory/run.ts --models FOLDER --llama-server BINARY [--model NAME] [--backends LIST]
 *     [--turns N] [--rest-seconds N] [--json FILE]
 *
 * Linux only: it reads /proc.
 */
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { enginePid } from "../../packages/server/test/support/processes.ts";
import { askParley } from "../support/ask-parley.ts";
import { countingPrompt, toMessages } from "../support/prompts.ts";
import { loadNow, publish } from "../support/report.ts";
import { readSetup, startLoadedParley, type Backend } from "../support/setup.ts";
import { median } from "../support/statistics.ts";

interface Measurement {
  readonly backend: Backend;
  readonly state: "after the start" | "after turns";
  readonly residentBytes: number;
  /** Resident memory that is no file: what this process alone needs. */
  readonly anonymousBytes: number;
  readonly engineResidentBytes: number;
}

const SAMPLES = 5;
const SAMPLE_MS = 1000;
const STREAMS = 4;
const TOKENS = 16;

const setup = readSetup({ turns: 200, "rest-seconds": 20 });
const [turns, restSeconds] = [setup.number("turns"), setup.number("rest-seconds")];
const size = { slots: STREAMS, contextTokens: 2048 };
const loadBefore = loadNow();

const measurements: Measurement[] = [];
for (const backend of setup.backends) await measure(backend);

const mib = (bytes: number): string => `${(bytes / 1024 ** 2).toFixed(0)} MiB`;
await publish(
  {
    title: "Memory of the server's process at rest",
    llamaServer: setup.llamaServer,
    settings: { model: setup.model, turns, "streams at once": STREAMS, "rest in seconds": restSeconds },
    head: ["", "resident", "of it anonymous", "the engine's own process, for comparison"],
    rows: measurements.map((one) => [
      `Parley, ${one.backend}, ${one.state}`,
      mib(one.residentBytes),
      mib(one.anonymousBytes),
      mib(one.engineResidentBytes),
    ]),
    notes: ["`VmRSS` and `RssAnon` of /proc; engine and database are processes of their own and not in the first two columns."],
    loadBefore,
    measurements,
  },
  setup.json,
);

async function measure(backend: Backend): Promise<void> {
  await using parley = await startLoadedParley(setup, backend, size);
  const pid = parley.child.pid ?? 0;
  const sample = async (state: Measurement["state"]): Promise<void> => {
    await sleep(restSeconds * 1000);
    const seen: { readonly resident: number; readonly anonymous: number }[] = [];
    for (let taken = 0; taken < SAMPLES; taken += 1) {
      seen.push({ resident: readBytes(pid, "VmRSS"), anonymous: readBytes(pid, "RssAnon") });
      await sleep(SAMPLE_MS);
    }
    measurements.push({
      backend,
      state,
      residentBytes: median(seen.map((one) => one.resident)),
      anonymousBytes: median(seen.map((one) => one.anonymous)),
      engineResidentBytes: readBytes(enginePid(pid), "VmRSS"),
    });
  };
  await sample("after the start");
  const seeds = Array.from({ length: turns }, (_, index) => index).values();
  const client = async (): Promise<void> => {
    for (const seed of seeds) {
      const prompt = countingPrompt(seed);
      await askParley(parley, { max_tokens: TOKENS, system: prompt.system, messages: toMessages(prompt) });
    }
  };
  await Promise.all(Array.from({ length: STREAMS }, client));
  await sample("after turns");
}

function readBytes(pid: number, field: "VmRSS" | "RssAnon"): number {
  const kilobytes = new RegExp(`^${field}:\\s+(\\d+) kB$`, "m").exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  if (kilobytes === undefined) throw new Error(`/proc/${pid}/status has no ${field}`);
  return Number(kilobytes) * 1024;
}
