import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { ENVIRONMENT_KEYS } from "../../src/platform/config.ts";
import { createMetrics } from "../../src/platform/metrics.ts";

const folder = join(import.meta.dirname, "../../../../deploy");
const deploy = (path: string): Promise<string> => readFile(join(folder, path), "utf8");
const Rules = z.object({ groups: z.array(z.object({ rules: z.array(z.object({ expr: z.string() })) })) });
const Dashboard = z.object({ panels: z.array(z.object({ targets: z.array(z.object({ expr: z.string() })) })) });

/** Every series that `/metrics` can show, and the labels of each. */
async function knownSeries(): Promise<ReadonlySet<string>> {
  const metrics = createMetrics();
  metrics.watchEngine(() => ({ slotsBusy: 0, slots: 0, queued: 0 }));
  metrics.watchUpstreams(() => []);
  metrics.watchRoutes(() => ({ digest: "", queues: [] }));
  const { text } = await metrics.expose("text");
  return new Set(
    [...text.matchAll(/^# TYPE (\w+) (\w+)$/gm)].flatMap(([, name = "", type]) => {
      return type === "histogram" ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name];
    }),
  );
}

test("alerts and dashboards name only series that Parley has", async () => {
  const rules = Rules.parse(parse(await deploy("prometheus/rules.yaml")));
  const names = (await readdir(join(folder, "grafana"))).filter((name) => name.endsWith(".json"));
  expect(names).toHaveLength(2);
  const dashboards = await Promise.all(names.map(async (name) => Dashboard.parse(JSON.parse(await deploy(`grafana/${name}`)))));
  const expressions = [
    ...rules.groups.flatMap((group) => group.rules.map(({ expr }) => expr)),
    ...dashboards.flatMap(({ panels }) => panels).flatMap((panel) => panel.targets.map(({ expr }) => expr)),
  ];
  const named = new Set(expressions.flatMap((expr) => expr.match(/\b(?:parley|process|nodejs)_\w+/g) ?? []));
  expect(named.size).toBeGreaterThan(10);
  const known = await knownSeries();
  expect([...named].filter((name) => !known.has(name))).toEqual([]);
});

test("image, compose files and unit set only variables that the configuration knows", async () => {
  const [dockerfile, unit, ...composeFiles] = await Promise.all(
    ["docker/Dockerfile", "systemd/parley.service", "docker/compose.yaml", "docker/nodes.yaml"].map(deploy),
  );
  const Compose = z.object({
    services: z.record(
      z.string(),
      z.object({ image: z.string().optional(), environment: z.record(z.string(), z.string()).optional() }),
    ),
  });
  const services = composeFiles.flatMap((file) => Object.values(Compose.parse(parse(file, { merge: true })).services));
  const named = [
    ...services.filter(({ image = "parley" }) => image === "parley").flatMap(({ environment = {} }) => Object.keys(environment)),
    ...(`${dockerfile} ${unit}`.match(/\bPARLEY_\w+(?==)/g) ?? []),
  ];
  expect(named).toContain("DATABASE_URL");
  const known = new Set([...Object.keys(ENVIRONMENT_KEYS), "PARLEY_DATA"]);
  expect(named.filter((name) => !known.has(name))).toEqual([]);
});
