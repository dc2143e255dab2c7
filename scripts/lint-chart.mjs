// The chart's part of `npm run lint:deploy`.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { parse, parseAllDocuments } from "yaml";

/** The oldest that Chart.yaml says, and the newest that kubernetes-validate 1.37 knows. */
const KUBERNETES = ["1.27", "1.37"];
/** Values that must be refused, and a word of why. */
const REFUSED = [
  [{ database: { url: "" } }, "database.url"],
  [{ masterSecret: { value: "" } }, "masterSecret.value"],
  [{ masterSecret: { value: "too short" } }, "masterSecret"],
  [{ replica: 3 }, "replica"],
  [{ database: { uri: "x" } }, "uri"],
  [{ engines: { qwen: { kind: "ollama", image: "x", model: "y" } } }, "kind"],
  [{ engines: { qwen: { kind: "vllm", model: "y" } } }, "image"],
  [{ engines: { Qwen_7: { kind: "vllm", image: "x", model: "y" } } }, "Qwen_7"],
];

/**
 * Lints and renders the chart with each file of `ci/` and `examples/`; says what could not be checked. Every option of values.yaml
 * must be in a file of `ci/`, and taking it out there must change what is rendered: an option that does nothing is a fault.
 */
export function checkChart({ root, scratch, must, run, has }) {
  const chart = join(root, "deploy/helm/parley");
  const defaults = parse(readFileSync(join(chart, "values.yaml"), "utf8"));
  const valuesOf = (folder) =>
    readdirSync(join(chart, folder)).map((name) => ({
      name: `${folder}/${name}`,
      values: parse(readFileSync(join(chart, folder, name), "utf8")),
    }));
  const file = join(scratch, "values.yaml");
  const template = (values, kubernetes = KUBERNETES[0]) => {
    writeFileSync(file, JSON.stringify(values));
    return run("helm", ["template", "example", chart, "--namespace", "parley", "--kube-version", kubernetes, "-f", file]);
  };

  const cases = [...valuesOf("ci"), ...valuesOf("examples")];
  let options = 0;
  for (const { name, values } of cases) {
    writeFileSync(file, JSON.stringify(values));
    must("helm", ["lint", "--strict", chart, "-f", file]);
    for (const kubernetes of KUBERNETES) {
      const { status, stdout, stderr } = template(values, kubernetes);
      if (status !== 0) throw new Error(`${name}: ${stderr}`);
      checkObjects(name, stdout, kubernetes);
    }
  }

  const schema = JSON.parse(readFileSync(join(chart, "values.schema.json"), "utf8"));
  const ofEngine = Object.keys(schema.properties.engines.additionalProperties.properties);
  const left = new Set([...leavesOf(defaults).map((path) => path.join(".")), ...ofEngine.map((key) => `engines.*.${key}`)]);
  for (const { name, values } of valuesOf("ci")) {
    const whole = template(values).stdout;
    const ofEngines = Object.keys(values.engines ?? {}).flatMap((engine) => ofEngine.map((key) => ["engines", engine, key]));
    for (const path of [...leavesOf(defaults), ...ofEngines]) {
      const key = path.length === 3 && path[0] === "engines" ? `engines.*.${path[2]}` : path.join(".");
      const given = path.reduce((from, part) => from?.[part], values);
      if (
        given === undefined ||
        isDeepStrictEqual(
          given,
          path.reduce((from, part) => from?.[part], defaults),
        )
      )
        continue;
      const without = structuredClone(values);
      delete path.slice(0, -1).reduce((from, part) => from[part], without)[path.at(-1)];
      if (template(without).stdout === whole) throw new Error(`${name}: ${key} changes nothing`);
      left.delete(key);
      options += 1;
    }
  }
  if (left.size > 0) throw new Error(`no file of ci/ sets ${[...left].join(", ")}`);

  const [plain] = valuesOf("ci").filter(({ name }) => name.includes("plain"));
  for (const [values, word] of REFUSED) {
    const merged = { ...plain.values };
    for (const [key, value] of Object.entries(values)) {
      merged[key] = typeof value === "object" ? { ...plain.values[key], ...value } : value;
    }
    const { status, stderr } = template(merged);
    if (status === 0 || !stderr.includes(word)) throw new Error(`${JSON.stringify(values)} was not refused by name: ${stderr}`);
  }
  process.stdout.write(
    `${cases.length} files, ${options} options one by one, ${REFUSED.length} wrong ones, Kubernetes ${KUBERNETES.join(" and ")}\n`,
  );
  return has("kubernetes-validate") ? [] : [{ what: "objects by the schemas of Kubernetes", tool: "kubernetes-validate" }];

  /** Objects of Kubernetes by its schemas, and the configuration in them by Parley. */
  function checkObjects(name, rendered, kubernetes) {
    const objects = parseAllDocuments(rendered).flatMap((document) => {
      if (document.errors.length > 0) throw new Error(`${name}: ${document.errors[0].message}`);
      const object = document.toJS();
      return object === null ? [] : [object];
    });
    const ids = objects.map((each) => `${each.kind}/${each.metadata.name}`);
    if (new Set(ids).size !== ids.length) throw new Error(`${name}: two objects have one name: ${ids.join(", ")}`);
    if (has("kubernetes-validate")) {
      // A custom resource has no schema there.
      const known = objects.filter((each) => !each.apiVersion.startsWith("monitoring.coreos.com/"));
      const objectsFile = join(scratch, "objects.yaml");
      writeFileSync(objectsFile, known.map((each) => JSON.stringify(each)).join("\n---\n"));
      must("kubernetes-validate", ["--strict", "-k", kubernetes, objectsFile]);
    }
    const { data } = objects.find(({ kind }) => kind === "ConfigMap");
    const configFile = join(scratch, "parley.yaml");
    writeFileSync(configFile, data["parley.yaml"]);
    const main = join(root, "packages/server/src/cli/main.ts");
    must(process.execPath, [
      "--conditions=source",
      main,
      "config",
      "check",
      "--config",
      configFile,
      "--data",
      join(scratch, "data"),
    ]);
  }
}

/** Paths of options: an empty object or list is one as it is. */
function leavesOf(values, path = []) {
  return Object.entries(values).flatMap(([key, value]) => {
    const isInner = typeof value === "object" && value !== null && !Array.isArray(value) && Object.keys(value).length > 0;
    return isInner ? leavesOf(value, [...path, key]) : [[...path, key]];
  });
}
