/**
 * How quick the Console is: the first page with a cold cache, Usage over a year of hourly data, the Workbench while a model writes
 * 200 tokens a second, and the log of 100,000 requests while somebody scrolls.
 *
 * npm run build -w packages/console && node --conditions=source bench/console/run.ts [rounds] [parts, e.g. workbench,requests]
 */
import { sql } from "drizzle-orm";
import { loadavg } from "node:os";
import { gzipSync } from "node:zlib";
import type { Page } from "playwright-core";
import { end, start, type Script } from "../../packages/server/src/doors/testing/scripted-engine.ts";
import { fillRequestLog } from "../../packages/server/test/support/fill-request-log.ts";
import { startConsole, type ConsoleUnderTest } from "../../packages/server/test/browser/start-console.ts";
import { median, quantile } from "../support/statistics.ts";
import { sumOrganizations } from "../support/sum-organizations.ts";

const ROUNDS = Number(process.argv[2] ?? 7);
const PARTS = process.argv[3]?.split(",") ?? ["first-page", "usage", "workbench", "requests"];
const HOURS = 365 * 24;
const SERIES = 12;
const TOKENS_PER_SECOND = 200;
const STREAM_SECONDS = 8;
const REQUESTS = 100_000;
/** A quick hand at the wheel, for so long. */
const WHEEL_PX = 400;
const SCROLL_SECONDS = 5;
/** A frame of 60 a second is 16.7 ms long; one that took twice as long left one out. */
const LATE_FRAME_MS = 34;

const WORDS = ["A ", "hash ", "map ", "**keeps** ", "pairs ", "in ", "`buckets`", ".\n\n", "1. ", "one\n", "2. ", "two\n\n"];

/** As a fast model would: a token every 5 ms, with headings, lists and code among them. */
const writeQuickly: Script = async function* () {
  const begunMs = performance.now();
  yield start;
  yield { type: "block-start", index: 0, block: { type: "text" } };
  for (let sent = 0; sent < TOKENS_PER_SECOND * STREAM_SECONDS; sent += 1) {
    const dueMs = begunMs + (sent * 1000) / TOKENS_PER_SECOND;
    const waitMs = dueMs - performance.now();
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
    yield { type: "text-delta", index: 0, text: WORDS[sent % WORDS.length] ?? "" };
  }
  yield { type: "block-stop", index: 0 };
  yield end();
};

await using ours = await startConsole();
const say = (line: string): void => void process.stdout.write(`${line}\n`);
say(`load average ${loadavg()[0]?.toFixed(2)} before, ${ROUNDS} rounds`);
await fillUsage(ours);
if (PARTS.includes("first-page")) await firstPage(ours);
if (PARTS.includes("usage")) await usage(ours);
if (PARTS.includes("workbench")) await workbench(ours);
if (PARTS.includes("requests")) {
  await fillRequestLog(ours.platform, REQUESTS);
  await requests(ours);
}

/** A fresh profile each time: nothing is cached, no connection is open. */
async function firstPage({ address }: ConsoleUnderTest): Promise<void> {
  const times: number[] = [];
  const painted: number[] = [];
  let asked = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    const { page, context } = await ours.openAsOwner();
    await page.addInitScript(noteWhenUsable("Create a key"));
    await page.goto(`${address}/`, { waitUntil: "commit" });
    const { shownMs, paintedMs, requests } = await page.evaluate<Usable>("window.usable");
    times.push(shownMs);
    painted.push(paintedMs);
    asked = requests;
    await context.close();
  }
  // By itself: looking at every reply would slow the page down.
  const { page, context } = await ours.openAsOwner();
  const bodies: Promise<number>[] = [];
  page.on("response", (response) => {
    if (/\.(?:js|css)$|\/console\/$/.test(new URL(response.url()).pathname)) {
      bodies.push(response.body().then((body) => gzipSync(body, { level: 9 }).length));
    }
  });
  await page.goto(`${address}/`);
  await page.waitForLoadState("networkidle");
  const bytes = (await Promise.all(bodies)).reduce((sum, size) => sum + size, 0);
  await context.close();
  report("first page, cold, first paint", painted, 1_000);
  report("first page, cold, until its first button can be pressed", times, 1_000);
  say(`first page: ${(bytes / 1000).toFixed(0)} kB gzipped (goal: less than 200), ${asked} requests until then`);
}

/** A reader of their own, on the first page. */
async function openAtStart(address: string): ReturnType<typeof ours.openAsOwner> {
  const opened = await ours.openAsOwner();
  await opened.page.goto(`${address}/`);
  await opened.page.getByRole("button", { name: "Create a key" }).waitFor();
  return opened;
}

/** From the click in the navigation to the chart and its figures. */
async function usage({ address }: ConsoleUnderTest): Promise<void> {
  const month: number[] = [];
  const year: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const { page, context } = await openAtStart(address);
    month.push(await timeOf(page, () => page.getByRole("link", { name: "Usage" }).click(), "table tbody tr:nth-child(30)"));
    year.push(await timeOf(page, () => page.getByLabel("Time").selectOption("A year"), "table tbody tr:nth-child(365)"));
    await context.close();
  }
  report("Usage opened (30 days), a year of hourly data in the database", month, 300);
  report("Usage changed to the whole year, 365 days", year, 300);
}

async function workbench({ address, platform }: ConsoleUnderTest): Promise<void> {
  const rounds: (Watched & { readonly seconds: number })[] = [];
  for (let round = 0; round < ROUNDS; round += 1) rounds.push(await stream(address, platform.engine));
  const seconds = median(rounds.map((round) => round.seconds)).toFixed(1);
  sayWatched(`Workbench, ${TOKENS_PER_SECOND * STREAM_SECONDS} tokens sent in ${STREAM_SECONDS} s, seen in ${seconds} s`, rounds);
}

async function stream(
  address: string,
  engine: ConsoleUnderTest["platform"]["engine"],
): Promise<Watched & { readonly seconds: number }> {
  const { page, context } = await ours.openAsOwner();
  await page.goto(`${address}/workbench`);
  await page.getByLabel("Your message").fill("Write");
  await page.waitForLoadState("networkidle");
  engine.play(writeQuickly);
  await beginTrace(page);
  await page.evaluate(watchUntil("document.querySelector('[role=log] [aria-busy=false]')"));
  const begunMs = performance.now();
  await page.getByRole("button", { name: "Send" }).click();
  await page.evaluate("window.watched");
  const seconds = (performance.now() - begunMs) / 1000;
  const watched = await readWatched(page);
  await context.close();
  return { ...watched, seconds };
}

async function requests({ address }: ConsoleUnderTest): Promise<void> {
  const rounds: Watched[] = [];
  const shown: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const { page, context } = await openAtStart(address);
    shown.push(await timeOf(page, () => page.getByRole("link", { name: "Requests" }).click(), "[role=row][aria-rowindex='10']"));
    await page.mouse.move(700, 600);
    await beginTrace(page);
    const begunMs = performance.now();
    await page.evaluate(watchUntil(`performance.now() - window.begunMs > ${SCROLL_SECONDS * 1000}`));
    while (performance.now() - begunMs < SCROLL_SECONDS * 1000) await page.mouse.wheel(0, WHEEL_PX);
    await page.evaluate("window.watched");
    rounds.push(await readWatched(page));
    await context.close();
  }
  report("Requests opened, 100,000 in the log", shown, 300);
  sayWatched(`Requests, scrolled for ${SCROLL_SECONDS} s`, rounds);
}

/** What became of the page's frames while it was watched. */
interface Watched {
  readonly longTasks: readonly { readonly atMs: number; readonly ms: number }[];
  readonly frames: number;
  readonly late: number;
  readonly load: number;
  /** Of each task of the page's main thread, the processor's time: what others take of the machine does not count. */
  readonly processorMs: readonly number[];
}

async function beginTrace(page: Page): Promise<void> {
  await page
    .context()
    .browser()
    ?.startTracing(page, { categories: ["disabled-by-default-devtools.timeline"] });
}

interface TraceEvent {
  readonly name: string;
  readonly ph: string;
  readonly pid: number;
  readonly tid: number;
  /** Microseconds of the thread's own clock. */
  readonly tdur?: number;
  readonly args?: { readonly name?: unknown };
}

/** The tasks of the renderer that worked most: it is the page's. */
async function endTrace(page: Page): Promise<readonly number[]> {
  const trace = await page.context().browser()?.stopTracing();
  const { traceEvents: events } = JSON.parse(trace?.toString("utf8") ?? '{"traceEvents":[]}') as {
    readonly traceEvents: readonly TraceEvent[];
  };
  const threadOf = ({ pid, tid }: { readonly pid: number; readonly tid: number }) => `${pid}:${tid}`;
  const mains = new Set(
    events.filter(({ name, args }) => name === "thread_name" && args?.name === "CrRendererMain").map(threadOf),
  );
  const tasks = events.filter((event) => event.name === "RunTask" && event.ph === "X" && mains.has(threadOf(event)));
  const byThread = [...Map.groupBy(tasks, threadOf).values()].map((each) => each.map(({ tdur = 0 }) => tdur / 1000));
  return byThread.sort((a, b) => sum(b) - sum(a))[0] ?? [];
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** In the page itself: a look from outside goes through all of the page, again and again, while it is measured. */
function watchUntil(condition: string): string {
  return `{
    window.longTasks = [];
    window.frames = [];
    window.begunMs = performance.now();
    const toTask = ({ startTime, duration }) => ({ atMs: startTime - window.begunMs, ms: duration });
    new PerformanceObserver((list) => window.longTasks.push(...list.getEntries().map(toTask))).observe({ entryTypes: ["longtask"] });
    window.watched = new Promise((resolve) => {
      let before = performance.now();
      const onFrame = (now) => {
        window.frames.push(now - before);
        before = now;
        if (${condition}) resolve();
        else requestAnimationFrame(onFrame);
      };
      requestAnimationFrame(onFrame);
    });
    // What a block ends with is waited for.
    null;
  }`;
}

async function readWatched(page: Page): Promise<Watched> {
  // What the end cost is told a moment later.
  await page.evaluate("new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve, 200)))");
  const processorMs = await endTrace(page);
  const longTasks = await page.evaluate<Watched["longTasks"]>("window.longTasks");
  const frames = await page.evaluate<number[]>("window.frames");
  const late = frames.filter((ms) => ms > LATE_FRAME_MS).length;
  return { longTasks, frames: frames.length, late, load: loadavg()[0] ?? 0, processorMs };
}

function sayWatched(name: string, rounds: readonly Watched[]): void {
  const longest = rounds.flatMap(({ longTasks }) => longTasks.map(({ ms }) => ms));
  const late = rounds.map((round) => round.late);
  const frames = median(rounds.map((round) => round.frames)).toFixed(0);
  say(
    `${name}: ${longest.length} tasks longer than 50 ms in ${rounds.length} rounds (goal: none), the longest ` +
      `${Math.max(0, ...longest).toFixed(0)} ms; late frames: median ${median(late).toFixed(0)}, most ${Math.max(...late)}, of ${frames}`,
  );
  const tasks = rounds.flatMap(({ processorMs }) => processorMs);
  say(
    `  by the processor's time of the page's main thread: ${tasks.filter((ms) => ms > 50).length} of ${tasks.length} tasks longer than ` +
      `50 ms, the longest ${Math.max(0, ...tasks).toFixed(0)} ms, 99 % ${quantile(tasks, 0.99).toFixed(1)} ms, ` +
      `${(sum(tasks) / rounds.length).toFixed(0)} ms in a round`,
  );
  for (const { longTasks, load } of rounds) {
    const list = longTasks.map(({ atMs, ms }) => `${ms.toFixed(0)} ms at ${(atMs / 1000).toFixed(2)} s`).join(", ");
    say(`  a round, load average ${load.toFixed(2)}: ${list === "" ? "none" : list}`);
  }
}

interface Usable {
  /** Since the navigation: a press would be taken, and a frame with the button has been drawn. */
  readonly shownMs: number;
  readonly paintedMs: number;
  readonly requests: number;
}

/** In the page itself: who looks from outside looks every so often only, and finds it late. */
function noteWhenUsable(name: string): string {
  return `
  window.usable = new Promise((resolve) => {
    const look = () => {
      const button = [...document.querySelectorAll("button")].find((each) => each.textContent.trim() === ${JSON.stringify(name)});
      const box = button?.getBoundingClientRect();
      const isOnTop = box && button.contains(document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2));
      if (!isOnTop || button.disabled) return requestAnimationFrame(look);
      requestAnimationFrame(() => resolve({
        shownMs: performance.now(),
        paintedMs: performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? performance.now(),
        requests: performance.getEntriesByType("resource").length,
      }));
    };
    look();
  });`;
}

/** In the page's own time, from the input event to the frame in which `selector` is drawn. */
async function timeOf(page: Page, act: () => Promise<unknown>, selector: string): Promise<number> {
  await page.evaluate(`{
    window.seen = new Promise((resolve) => {
      let begun = null;
      const begin = () => (begun ??= performance.now());
      for (const name of ["click", "change"]) addEventListener(name, begin, { capture: true, once: true });
      const look = () => (begun !== null && document.querySelector(${JSON.stringify(selector)}) ? resolve(performance.now() - begun) : requestAnimationFrame(look));
      look();
    });
    // What a block ends with is waited for.
    null;
  }`);
  await act();
  return page.evaluate<number>("window.seen");
}

function report(name: string, times: readonly number[], goalMs: number): void {
  say(`${name}: median ${median(times).toFixed(0)} ms, 95 % ${quantile(times, 0.95).toFixed(0)} ms (goal: less than ${goalMs})`);
}

/** Twelve series in every hour of a year. */
async function fillUsage({ platform: { storage, organizationId, workspaceId } }: ConsoleUnderTest): Promise<void> {
  await storage.run({ operation: "fill", repeatable: false }, async (database) => {
    await database.execute(sql`
      insert into usage_series (organization_id, workspace_id, api_key_id, model, service_tier, inference_geo, context_window, product)
      select ${organizationId}, ${workspaceId}, 'apikey_' || key, 'claude-haiku-4-5-20251001', 'standard', 'global', '0-200k', 'messages_api'
      from generate_series(1, ${SERIES}::integer) key`);
    for (const [unit, table] of [
      ["hour", "usage_hours"],
      ["day", "usage_days"],
    ] as const) {
      await database.execute(sql`
        insert into ${sql.identifier(table)}
        select series, date_trunc(${unit}, bucket, 'UTC'), count(*), 1000 * count(*), 5000 * count(*), 100 * count(*), 0, 300 * count(*), 0,
          0, 0, 0, 0, 0, 0, 0
        from generate_series(1, ${SERIES}::bigint) series,
          generate_series(now() - ${HOURS}::integer * interval '1 hour', now(), interval '1 hour') bucket
        group by 1, 2`);
    }
    await sumOrganizations(database);
  });
}
