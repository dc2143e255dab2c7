import { z } from "zod";
import { BUCKET_WIDTHS, type BucketPage, type BucketWidth } from "../../ledger/reports/time-buckets.ts";
import { encodeCursor, parseCursorQuery, refuseQuery } from "./page-query.ts";

const VALUES_MAX = 100;
/** What `parseInstant` takes, with its offsets: the years 0 to 9999. */
const INSTANT_MIN_MS = Date.UTC(-1, 11, 31);
const INSTANT_MAX_MS = Date.UTC(10_000, 0, 2);
const Cursor = z.strictObject({ at: z.int().min(INSTANT_MIN_MS).max(INSTANT_MAX_MS) });

/** Refuses a key that the report does not know: a filter that is quietly ignored would make wrong figures. */
export function refuseUnknownKeys(query: URLSearchParams, known: readonly string[]): void {
  for (const key of query.keys()) {
    // Older clients of beta endpoints say so in the query.
    if (key !== "beta" && !known.includes(key)) throw refuseQuery(key.slice(0, 100), "Extra inputs are not permitted");
  }
}

/** A required time, RFC 3339 with an offset, or a day in UTC. */
export function parseInstant(query: URLSearchParams, name: string): number {
  const text = query.get(name);
  if (text === null || text === "") throw refuseQuery(name, "Field required");
  const ms = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d))?$/i.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(ms)) throw refuseQuery(name, "Input should be a valid datetime");
  return ms;
}

/** `name[]=a&name[]=b`; empty where it is not given. */
export function parseList(query: URLSearchParams, name: string): readonly string[] {
  const values = query.getAll(`${name}[]`);
  if (values.length > VALUES_MAX) throw refuseQuery(name, `List should have at most ${VALUES_MAX} items`);
  return values;
}

export function parseChoices<Choice extends string>(
  query: URLSearchParams,
  name: string,
  choices: readonly Choice[],
): readonly Choice[] {
  return parseList(query, name).map((value, index) => toChoice(value, `${name}.${index}`, choices));
}

/** A parameter that is there, as one of the choices. */
export function parseChoice<Choice extends string>(query: URLSearchParams, name: string, choices: readonly Choice[]): Choice {
  return toChoice(query.get(name) ?? "", name, choices);
}

function toChoice<Choice extends string>(value: string, path: string, choices: readonly Choice[]): Choice {
  const choice = choices.find((each) => each === value);
  if (choice !== undefined) return choice;
  const quoted = choices.map((each) => `'${each}'`);
  const list = quoted.length > 1 ? `${quoted.slice(0, -1).join(", ")} or ${quoted.at(-1)}` : quoted.join("");
  throw refuseQuery(path, `Input should be ${list}`);
}

/** Which buckets a report wants. Without an end it goes to now. */
export function parseBucketPage(query: URLSearchParams, widths: readonly BucketWidth[], nowMs: number): BucketPage {
  const width = toChoice(query.get("bucket_width") ?? "1d", "bucket_width", widths);
  const startingAtMs = parseInstant(query, "starting_at");
  const endingAtMs = query.has("ending_at") ? parseInstant(query, "ending_at") : nowMs;
  if (query.has("ending_at") && endingAtMs <= startingAtMs) throw refuseQuery("ending_at", "Input should be after `starting_at`");
  const { limit, cursor } = parseCursorQuery(query, Cursor, BUCKET_WIDTHS[width].limits);
  return { width, startingAtMs: cursor?.at ?? startingAtMs, endingAtMs, limit };
}

/** The reports' style of a page. */
export function toReportPage<Data>(data: Data, next: Readonly<Record<string, unknown>> | null) {
  return { data, has_more: next !== null, next_page: next === null ? null : encodeCursor(next) };
}
