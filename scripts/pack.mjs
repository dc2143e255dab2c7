// `npm run package`: builds parley-VERSION.tgz, which installs into an empty folder (`npm install ./parley-VERSION.tgz`, then
// `npx parley up`): the server as JavaScript, the wire package bundled with it, and the built Console.
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { ensureConsole } from "./ensure-console.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const destination = resolve(process.argv[2] ?? root);
const stage = mkdtempSync(join(tmpdir(), "parley-package-"));
try {
  // A package without its Console is not what was promised.
  if (!ensureConsole(root, process.execPath)) throw new Error("the Console could not be built");
  const built = join(stage, "built");
  run(process.execPath, [
    join(root, "node_modules/typescript-7/bin/tsc"),
    "-p",
    join(root, "tsconfig.package.json"),
    "--outDir",
    built,
  ]);

  const server = join(root, "packages/server");
  const target = join(stage, "package");
  const wire = join(target, "node_modules/@parley/wire");
  mkdirSync(wire, { recursive: true });
  cpSync(join(built, "server/src"), join(target, "dist"), { recursive: true });
  cpSync(join(built, "wire/src"), join(wire, "dist"), { recursive: true });
  cpSync(join(root, "packages/wire/package.json"), join(wire, "package.json"));
  cpSync(join(root, "packages/console/dist"), join(target, "console"), { recursive: true });
  for (const name of ["LICENSE", "README.md"]) cpSync(join(root, name), join(target, name));

  const { devDependencies: _, ...manifest } = JSON.parse(readFileSync(join(server, "package.json"), "utf8"));
  for (const name of manifest.files) {
    if (!existsSync(join(target, name))) cpSync(join(server, name), join(target, name), { recursive: true });
  }
  const published = { ...manifest, bundleDependencies: ["@parley/wire"] };
  writeFileSync(join(target, "package.json"), `${JSON.stringify(published, null, 2)}\n`);
  run("npm", ["pack", "--silent", "--pack-destination", destination], target);
  process.stdout.write(`${join(destination, `${manifest.name}-${manifest.version}.tgz`)}\n`);
} finally {
  rmSync(stage, { recursive: true, force: true });
}

function run(program, args, cwd = root) {
  const { status } = spawnSync(program, args, { cwd, stdio: ["ignore", 2, 2] });
  if (status !== 0) throw new Error(`${program} ended with ${status}`);
}
