import { readdir, readFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { endpoints } from "../../src/endpoints/index.ts";
import { ConfigSchema, ENVIRONMENT_KEYS } from "../../src/platform/config.ts";
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

test("the unit tells nobody but Parley to stop, which needs its engine and its database until its streams have finished", async () => {
  expect(await deploy("systemd/parley.service")).toMatch(/^KillMode=mixed$/m);
});

test("the chart sets only variables that the configuration knows, and keys of its engines", async () => {
  const nodes = await deploy("helm/parley/templates/nodes.yaml");
  const named = [...nodes.matchAll(/- (?:\{ )?name: ([A-Z][A-Z_]+)/g)].map(([, name = ""]) => name);
  expect(named).toContain("DATABASE_URL");
  // `parley.yaml` of the same chart says in which variable an engine's key is.
  expect(named.filter((name) => !(name in ENVIRONMENT_KEYS))).toEqual(["ENGINE_KEY_"]);
});

test("probes, health checks and metrics are asked for at paths that Parley answers", async () => {
  const asked = (await deployedFiles())
    .filter(({ name }) => !name.endsWith("templates/engines.yaml"))
    .flatMap(({ text }) => [...text.matchAll(/(?:\bpath: |127\.0\.0\.1:\d+)(\/[a-z]+)\b/g)].map(([, path = ""]) => path));
  expect(new Set(asked)).toEqual(new Set(["/healthz", "/readyz", "/metrics"]));
  const answered = new Set(endpoints.filter(({ method }) => method === "GET").map(({ path }) => path));
  expect(asked.filter((path) => !answered.has(path))).toEqual([]);
});

test("image, chart, compose files and proxies name the port that Parley listens on", async () => {
  const { port } = ConfigSchema.parse({});
  const texts = new Map((await deployedFiles()).map(({ name, text }) => [name, text]));
  const portsIn = (name: string, pattern: RegExp): number[] =>
    [...(texts.get(name) ?? "").matchAll(pattern)].map(([, found]) => Number(found));
  const named = {
    exposed: portsIn("docker/Dockerfile", /EXPOSE (\d+)/g),
    asked: portsIn("docker/Dockerfile", /127\.0\.0\.1:(\d+)/g),
    published: portsIn("docker/compose.yaml", /ports: \[.*:(\d+)"\]/g),
    behindNginx: portsIn("nginx/parley.conf", /^\s*server [\d.]+:(\d+)/gm),
    behindNginxOfCompose: portsIn("nginx/nodes.conf", /^\s*server node-\w:(\d+)/gm),
    inChart: portsIn("helm/parley/templates/nodes.yaml", /containerPort: (\d+)/g),
  };
  expect(named).toEqual({
    exposed: [port],
    asked: [port],
    published: [port],
    behindNginx: [port, port, port],
    behindNginxOfCompose: [port, port],
    inChart: [port],
  });
  expect(portsIn("docker/nodes.yaml", /ports: \[.*:(\d+)"\]/g)).toEqual(portsIn("nginx/nodes.conf", /listen (\d+)/g));
});

test("the compose file's nodes have a configuration that Parley takes, and find the models where they are", async () => {
  const { configs, services } = z
    .object({
      configs: z.object({ node: z.object({ content: z.string() }) }),
      services: z.object({ models: z.object({ environment: z.object({ PARLEY_ENGINE_LISTEN: z.string() }) }) }),
    })
    .parse(parse(await deploy("docker/nodes.yaml"), { merge: true }));
  const config = ConfigSchema.parse(parse(configs.node.content));
  const [, port] = services.models.environment.PARLEY_ENGINE_LISTEN.split(":");
  expect(Object.values(config.upstreams).map(({ url }) => url)).toEqual([`http://models:${port}`]);
});

async function deployedFiles(): Promise<{ readonly name: string; readonly text: string }[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const names = entries.filter((entry) => entry.isFile()).map((entry) => relative(folder, join(entry.parentPath, entry.name)));
  return Promise.all(names.map(async (name) => ({ name, text: await deploy(name) })));
}
