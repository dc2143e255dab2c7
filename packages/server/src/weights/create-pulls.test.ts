import { mkdtemp, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { systemClock } from "../platform/clock.ts";
import { createPulls } from "./create-pulls.ts";
import { hasBegun, startToyHub, TOY_BYTES, TOY_WEIGHTS, type ToyHubOptions } from "./testing/toy-hub.ts";

async function start(options?: ToyHubOptions) {
  const hub = await startToyHub(options);
  const folder = await mkdtemp(join(tmpdir(), "parley-pulls-"));
  const onChange = vi.fn<() => void>();
  const pulls = createPulls({
    folder,
    settings: { hubUrl: hub.url, localMirror: null, python: "python3" },
    onChange,
    clock: systemClock,
    log: { info() {}, warn() {} },
  });
  pulls.start(TOY_WEIGHTS);
  return { hub, folder, pulls, onChange };
}

test("a pull goes on whoever looks, is started once, and ends as weights", async () => {
  const { promise: gate, resolve: open } = Promise.withResolvers<void>();
  const { hub, folder, pulls } = await start({ gate });
  await using _hub = hub;
  pulls.start(TOY_WEIGHTS);
  await vi.waitFor(() => expect(pulls.list()).toMatchObject([{ status: "running", doneBytes: TOY_BYTES.length / 2 }]), {
    timeout: 15_000,
  });
  open();
  await vi.waitFor(() => expect(pulls.list()).toEqual([]), { timeout: 15_000 });
  expect(hub.ranges).toHaveLength(1);
  expect(await readFile(join(folder, "toy.gguf"))).toEqual(TOY_BYTES);
});

test("a stopped pull keeps what came, and the next one goes on from there", async () => {
  const { promise: gate, resolve: open } = Promise.withResolvers<void>();
  const { hub, folder, pulls } = await start({ gate });
  await using _hub = hub;
  await hasBegun(folder);
  expect(await pulls.stop("toy")).toBe(true);
  expect([pulls.list(), await pulls.stop("toy")]).toEqual([[], false]);
  open();
  pulls.start(TOY_WEIGHTS);
  await vi.waitFor(() => expect(pulls.list()).toEqual([]), { timeout: 15_000 });
  expect(hub.ranges[1]).toMatch(/^bytes=[1-9]\d*-$/);
  expect(await readFile(join(folder, "toy.gguf"))).toEqual(TOY_BYTES);
});

test("a pull that failed says what each source answered, until it is tried again or dismissed", async () => {
  const { hub, pulls, onChange } = await start({ status: 503 });
  await using _hub = hub;
  await vi.waitFor(() => expect(pulls.list()).toMatchObject([{ status: "failed" }]), { timeout: 15_000 });
  expect(pulls.list()[0]?.fault).toContain("hub me/toy: the hub answered 503");
  expect(onChange).toHaveBeenCalledTimes(2);
  await pulls[Symbol.asyncDispose]();
  expect(pulls.list()).toEqual([]);
});
