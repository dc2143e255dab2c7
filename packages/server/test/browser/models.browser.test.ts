import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { UpstreamStatus } from "../../src/engines/router/upstream-node.ts";
import type { ModelLoad } from "../../src/engines/turn-engine/create-turn-engine.ts";
import { createModelControl } from "../../src/models/model-control.ts";
import { createChanges } from "../../src/platform/changes.ts";
import { systemClock } from "../../src/platform/clock.ts";
import { pool, upstream } from "../../src/platform/upstreams-config.ts";
import { readRouteOrders } from "../../src/storage/route-reloads.ts";
import { createPulls } from "../../src/weights/create-pulls.ts";
import { startToyHub, TOY_BYTES, TOY_WEIGHTS, type ToyHub } from "../../src/weights/testing/toy-hub.ts";
import { createWeightsStore } from "../../src/weights/weights-store.ts";
import { findBarriers, isWithinWidth, startConsole, takePicture, type ConsoleUnderTest } from "./start-console.ts";

let ours: ConsoleUnderTest;
let hub: ToyHub;
const hubGate = Promise.withResolvers<void>();
/** What the pool would say: no weights of a test are worth a real engine here. */
const loaded = new Set(["tiny"]);
let loads: readonly ModelLoad[] = [];
const ROUTES = {
  upstreams: Object.fromEntries(
    Object.entries({ here: "http://10.0.0.5:8000", there: "https://api.example.com" }).map(([name, url]) => [
      name,
      upstream.parse({ kind: "anthropic", url }),
    ]),
  ),
  pools: { cloud: pool.parse({ title: "The cloud", targets: [{ upstream: "here", weight: 2 }, { upstream: "there" }] }) },
};
const well = {
  isUp: true,
  fault: null,
  pausedForMs: null,
  answeredAtMs: Date.now(),
  outstandingTokens: 1_234,
  runningTurns: 1,
  isDrained: false,
};
let upstreams: readonly UpstreamStatus[] = ["here", "there"].map((name) => ({ ...well, upstream: name }));
const PLAN = {
  memory: {
    weightsBytes: 390_000_000,
    kvBytesPerToken: 12_288,
    kvBytes: 1_610_000_000,
    computeBytes: 310_000_000,
    totalBytes: 2_310_000_000,
    fits: true,
    largestSlots: 4,
    largestContextTokens: 32_768,
  },
  demand: { slots: 4, contextTokens: 32_768, batchTokens: 256, availableBytes: 12_000_000_000 },
  cut: null,
};

beforeAll(async () => {
  hub = await startToyHub({ gate: hubGate.promise });
  const folder = await mkdtemp(join(tmpdir(), "parley-models-page-"));
  await writeFile(join(folder, "tiny.gguf"), Buffer.alloc(1_000));
  const store = createWeightsStore(folder);
  const changes = createChanges();
  const onChange = () => changes.note(null, "models");
  const settings = { hubUrl: hub.url, localMirror: null, python: "python3" };
  const modelControl = createModelControl({
    pool: {
      status: () => ({
        models: [...loaded].map((weights) => ({
          weights,
          state: "ready",
          kind: "llama-server",
          pid: 1,
          slots: 4,
          contextTokens: 32_768,
          plannedBytes: 2_310_000_000,
          loadProgress: 1,
          leases: 0,
          loadedAtMs: Date.now(),
          lastUsedMs: Date.now(),
          crashes: 0,
          lastFault: null,
        })),
        plannedBytes: loaded.size * 2_310_000_000,
        budgetBytes: null,
      }),
      plans: async () => (await store.list()).map(({ name }) => ({ weights: name, plan: PLAN })),
      preload: async (weights) => void loaded.add(weights),
      release: async (weights) =>
        loads.some((load) => load.slotsBusy > 0) ? "busy" : loaded.delete(weights) ? "released" : "absent",
    },
    loads: () => loads,
    store,
    catalog: [TOY_WEIGHTS],
    pulls: createPulls({ folder, settings, onChange, clock: systemClock, log: { info() {}, warn() {} } }),
    snapshots: () => ({ snapshots: 12, bytes: 441_000_000 }),
    snapshotBudgetBytes: 8 * 1024 ** 3,
    routes: () => ({ models: { haiku: "tiny", sonnet: "tiny", opus: "toy", "claude-sonnet-4-5": "cloud" }, ...ROUTES }),
    upstreams: { status: () => upstreams, queues: () => [], reload: () => null, tellOthers: async () => {} },
    availableBytes: async () => 12_000_000_000,
    changes,
    clock: systemClock,
    log: { warn() {} },
    signal: new AbortController().signal,
  });
  ours = await startConsole({ deps: { modelControl, changes } });
});
afterAll(async () => {
  await hub[Symbol.asyncDispose]();
  await ours[Symbol.asyncDispose]();
});

async function openModels(options?: Parameters<ConsoleUnderTest["openAsOwner"]>[0]) {
  const tab = await ours.openAsOwner(options);
  await tab.page.goto(`${ours.address}/models`);
  await tab.page.getByRole("heading", { name: "Families" }).waitFor();
  return tab;
}
const card = (page: Page, title: string) => page.getByRole("region", { name: title, exact: true });

test("slots, queue and speed are live, and a model at work is not unloaded", async () => {
  const { page, context, problems } = await openModels();
  loads = [{ weights: "tiny", slots: 4, slotsBusy: 3, queued: 2, tokensPerSecond: 41.5 }];
  await card(page, "tiny").getByText("3 of 4 at work").waitFor();
  await card(page, "tiny").getByText("41.5 tok/s").waitFor();
  await takePicture(page, "models-live-light");
  expect(await findBarriers(page)).toEqual([]);
  await page.getByRole("button", { name: "Unload tiny" }).click();
  await page.getByRole("alert").getByText("The model is at work or being loaded.").waitFor();

  loads = [];
  await card(page, "tiny").getByText("0 of 4 at work").waitFor();
  await page.getByRole("button", { name: "Unload tiny" }).click();
  await card(page, "tiny").getByText("On disk").waitFor();
  await page.getByRole("button", { name: "Load tiny" }).click();
  await card(page, "tiny").getByText("Loaded").waitFor();
  expect(problems).toEqual([]);
  await context.close();
});

test("a pull goes on through a reload, shows how far it is, and ends as weights that can be loaded", async () => {
  const { page, context, problems } = await openModels();
  await page.getByRole("button", { name: "Fetch Toy" }).click();
  const bar = page.getByRole("progressbar", { name: "Fetching Toy" });
  await card(page, "Toy").getByText("(50%)").waitFor();
  await page.reload();
  await card(page, "Toy").getByText("Downloading").waitFor();
  expect(await bar.getAttribute("aria-valuenow")).toBe("50");
  await takePicture(page, "models-pull-light");
  const phone = await openModels({ isPhone: true, isDark: true });
  await phone.page.getByRole("progressbar", { name: "Fetching Toy" }).scrollIntoViewIfNeeded();
  await takePicture(phone.page, "models-pull-dark-phone");
  expect(await findBarriers(phone.page)).toEqual([]);
  expect(await isWithinWidth(phone.page)).toBe(true);
  await phone.context.close();

  hubGate.resolve();
  await page.getByRole("button", { name: "Load toy" }).waitFor();
  expect(hub.ranges).toHaveLength(1);
  expect(TOY_BYTES).toHaveLength(300_000);
  expect(problems).toEqual([]);
  await context.close();
});

test("what one page changes another shows without being asked", async () => {
  const [one, other] = [await ours.openAsOwner(), await ours.openAsOwner()];
  await one.page.goto(`${ours.address}/workspaces`);
  await other.page.goto(`${ours.address}/workspaces`);
  await other.page.getByRole("heading", { name: "Workspaces", level: 1 }).waitFor();
  await one.page.getByRole("button", { name: "Create workspace" }).first().click();
  await one.page.getByLabel("Name", { exact: true }).fill("Told to everybody");
  await one.page.getByRole("dialog").getByRole("button", { name: "Create workspace" }).click();
  await other.page.getByText("Told to everybody").waitFor();
  expect([...one.problems, ...other.problems]).toEqual([]);
  await one.context.close();
  await other.context.close();
});

test("upstream engines show how they are, and why one is paused", async () => {
  const { page, context, problems } = await openModels();
  const section = page.getByRole("region", { name: "Upstream engines" }).first();
  await section.getByText("anthropic · https://api.example.com").waitFor();
  expect(await section.getByText("Well", { exact: true }).count()).toBe(2);
  upstreams = upstreams.map((each) =>
    each.upstream === "there" ? { ...each, isUp: false, fault: "credentials", pausedForMs: 42_000 } : each,
  );
  await section.getByText("It refuses our key. Asked again in 42 s.").waitFor();
  await page.getByRole("region", { name: "Families" }).getByText("The cloud").waitFor();
  await section.scrollIntoViewIfNeeded();
  await takePicture(page, "models-upstreams-light");
  expect(await findBarriers(page)).toEqual([]);
  expect(problems).toEqual([]);
  await context.close();
  const phone = await openModels({ isPhone: true, isDark: true });
  await phone.page.getByText("It refuses our key.").scrollIntoViewIfNeeded();
  await takePicture(phone.page, "models-upstreams-dark-phone");
  expect(await isWithinWidth(phone.page)).toBe(true);
  await phone.context.close();
});

test("an administrator drains an upstream and resumes it, told what that leaves without anybody", async () => {
  const { page, context, problems } = await openModels();
  const section = page.getByRole("region", { name: "Upstream engines" }).first();
  const drained = async () => (await readRouteOrders(ours.platform.storage)).drained;
  await section.getByRole("button", { name: "Drain here" }).click();
  const dialog = page.getByRole("dialog", { name: "Drain here" });
  await dialog.getByText("Those that it has end there.").waitFor();
  expect(await dialog.getByText("has no upstream left").count()).toBe(0);
  await dialog.getByRole("button", { name: "Drain" }).click();
  await page.getByText("here gets no new turns.").waitFor();
  expect(await drained()).toEqual(["here"]);
  // As the router tells once it has read it.
  upstreams = upstreams.map((each) => (each.upstream === "here" ? { ...each, isDrained: true } : each));
  await section.getByText("Drained", { exact: true }).waitFor();
  await section.getByRole("button", { name: "Drain there" }).click();
  await page.getByText("The cloud has no upstream left then").waitFor();
  await takePicture(page, "models-drain-light");
  expect(await findBarriers(page)).toEqual([]);
  await page.getByRole("button", { name: "Cancel" }).click();
  await section.getByRole("button", { name: "Resume here" }).click();
  await page.getByText("here gets turns again.").waitFor();
  expect(await drained()).toEqual([]);
  expect(problems).toEqual([]);
  await context.close();
  const phone = await openModels({ isPhone: true, isDark: true });
  await phone.page.getByRole("button", { name: "Drain there" }).scrollIntoViewIfNeeded();
  await takePicture(phone.page, "models-drain-dark-phone");
  expect(await isWithinWidth(phone.page)).toBe(true);
  await phone.context.close();
});
