// `npm run lint:deploy`: checks deploy/ with the real tools. A tool is taken from `.deploy-tools/bin` or the PATH; `-- --install` first
// puts there what is missing (deploy-tools.mjs). What could not be checked is named, and the exit status is then 2; 1 where something is wrong.
// `--json FILE` writes the outcomes, for `npm test`.
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { stringify } from "yaml";
import { COMPOSE_GO, env, has, installTools } from "./deploy-tools.mjs";
import { checkChart } from "./lint-chart.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const { values: options } = parseArgs({ options: { install: { type: "boolean" }, json: { type: "string" } } });
const scratch = mkdtempSync(join(tmpdir(), "parley-lint-deploy-"));
const outcomes = [];

try {
  if (options.install) installTools();
  check("deploy/docker/Dockerfile", "hadolint", ["--version"], () => {
    must("hadolint", ["deploy/docker/Dockerfile"]);
  });
  check("compose files", "compose-go", null, checkComposeFiles);
  check("nginx files", "nginx", ["-v"], checkNginxFiles, ["openssl"]);
  check("systemd unit", "systemd-analyze", ["--version"], checkUnit);
  check("alert rules, and their tests", "promtool", ["--version"], () => {
    must("promtool", ["check", "rules", "deploy/prometheus/rules.yaml"]);
    must("promtool", ["test", "rules", "deploy/prometheus/rules.test.yaml"]);
  });
  check("Grafana dashboards", "promtool", ["--version"], checkDashboards);
  check("chart", "helm", ["version", "--short"], () => checkChart({ root, scratch, must, run, has }));
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

for (const { what, tool, outcome } of outcomes) process.stdout.write(`${outcome.padEnd(12)} ${what} (${tool})\n`);
if (options.json !== undefined) writeFileSync(options.json, JSON.stringify(outcomes));
const names = outcomes.map(({ outcome }) => outcome);
process.exitCode = names.includes("wrong") ? 1 : names.includes("not checked") ? 2 : 0;

function check(what, tool, versionArguments, body, alsoNeeds = []) {
  const missing = [tool, ...alsoNeeds].find((each) => !has(each));
  if (missing !== undefined) {
    outcomes.push({
      what,
      tool: `${missing} is not here: npm run lint:deploy -- --install, or the system's package`,
      outcome: "not checked",
      isOptional: missing === "compose-go" && !has("go"),
    });
    return;
  }
  const shown = versionArguments === null ? COMPOSE_GO.replace("/cmd@", " ") : versionOf(tool, versionArguments);
  process.stdout.write(`== ${what}\n`);
  try {
    const left = body() ?? [];
    outcomes.push({ what, tool: shown, outcome: "right" });
    for (const each of left)
      outcomes.push({ what: `${what}: ${each.what}`, tool: `${each.tool} is not here`, outcome: "not checked" });
  } catch (error) {
    process.stdout.write(`${error.message}\n`);
    outcomes.push({ what, tool: shown, outcome: "wrong" });
  }
}

/** With a password in the variable's place: the program fills in none from the environment. */
function checkComposeFiles() {
  for (const name of readdirSync(join(root, "deploy/docker")).filter((each) => each.endsWith(".yaml"))) {
    const file = join(scratch, name);
    writeFileSync(file, readFileSync(join(root, "deploy/docker", name), "utf8").replaceAll(/\$\{POSTGRES_PASSWORD[^}]*\}/g, "x"));
    if (!must("compose-go", [file]).stdout.includes("services:")) throw new Error(`${name}: nothing was loaded`);
  }
}

/** As files of conf.d, with a certificate made for this and names of other machines replaced, because nginx looks them up. */
function checkNginxFiles() {
  must("openssl", [
    ...["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=parley.example.com"],
    ...["-keyout", join(scratch, "key.pem"), "-out", join(scratch, "certificate.pem")],
  ]);
  copyFileSync(join(root, "deploy/nginx/parley-location.inc"), join(scratch, "parley-location.inc"));
  for (const name of readdirSync(join(root, "deploy/nginx")).filter((each) => each.endsWith(".conf"))) {
    const shipped = readFileSync(join(root, "deploy/nginx", name), "utf8")
      .replaceAll("/etc/ssl/parley.pem", join(scratch, "certificate.pem"))
      .replaceAll("/etc/ssl/parley.key", join(scratch, "key.pem"))
      .replaceAll(/server node-\w+:/g, "server 127.0.0.1:");
    const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((each) => `${each}_temp_path ${scratch}/${each};`);
    const file = join(scratch, name);
    writeFileSync(file, `pid ${scratch}/nginx.pid; events {} http { access_log off; ${temporary.join(" ")}\n${shipped}\n}\n`);
    must("nginx", ["-t", "-q", "-e", join(scratch, "nginx.log"), "-c", file]);
  }
}

/** With a program and a user that this machine has. */
function checkUnit() {
  const unit = readFileSync(join(root, "deploy/systemd/parley.service"), "utf8")
    .replaceAll("/opt/parley/node_modules/.bin/node", "/bin/true")
    .replace(/^User=.*/m, "User=daemon");
  writeFileSync(join(scratch, "parley.service"), unit);
  must("systemd-analyze", ["verify", "--man=no", join(scratch, "parley.service")]);
}

/** That they are JSON, that no panel hides another, and that Prometheus can read every expression. */
function checkDashboards() {
  for (const name of readdirSync(join(root, "deploy/grafana")).filter((each) => each.endsWith(".json"))) {
    const { panels, templating } = JSON.parse(readFileSync(join(root, "deploy/grafana", name), "utf8"));
    if (new Set(panels.map(({ id }) => id)).size !== panels.length) throw new Error(`${name}: two panels have one id`);
    for (const [at, { title, gridPos: a }] of panels.entries()) {
      if (a.x + a.w > 24) throw new Error(`${name}: ${title} is wider than the grid`);
      const hidden = panels
        .slice(at + 1)
        .find(({ gridPos: b }) => a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h);
      if (hidden) throw new Error(`${name}: ${title} and ${hidden.title} lie over each other`);
    }
    const variables = new Set(templating.list.map((each) => each.name));
    const rules = panels.flatMap((panel) =>
      panel.targets.map(({ expr }, target) => {
        const unknown = [...expr.matchAll(/\$\{?(\w+)/g)].find(([, each]) => each !== "__rate_interval" && !variables.has(each));
        if (unknown) throw new Error(`${name}: ${panel.title} asks for ${unknown[0]}, which the dashboard does not have`);
        const plain = expr.replaceAll("$__rate_interval", "5m").replaceAll(/\$\w+/g, ".*");
        return { record: `panel:${panel.id}:${target}`, expr: plain };
      }),
    );
    const file = join(scratch, "dashboard.yaml");
    writeFileSync(file, stringify({ groups: [{ name, rules }] }));
    must("promtool", ["check", "rules", file]);
  }
}

function run(tool, args, more = {}) {
  const { status, stdout, stderr, error } = spawnSync(tool, args, {
    cwd: root,
    env: { ...env, ...more },
    encoding: "utf8",
    maxBuffer: 1e8,
  });
  if (error) throw error;
  return { status, stdout, stderr };
}

function versionOf(tool, versionArguments) {
  const { stdout, stderr } = run(tool, versionArguments);
  return `${tool}: ${`${stdout}${stderr}`.trim().split("\n")[0].slice(0, 60)}`;
}

function must(tool, args, more) {
  const result = run(tool, args, more);
  if (result.status !== 0)
    throw new Error(`${tool} ${args.join(" ")}: status ${result.status}\n${result.stdout}${result.stderr}`);
  return result;
}
