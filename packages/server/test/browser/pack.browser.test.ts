import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const SERVER = join(import.meta.dirname, "../..");

test("the published package brings the built Console, and packing leaves the clone as it was", () => {
  const out = execFileSync("npm", ["pack", "--dry-run", "--json"], {
    cwd: SERVER,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });
  const [packed] = JSON.parse(out.slice(out.indexOf("["))) as { files: { path: string }[] }[];
  const files = packed?.files.map(({ path }) => path) ?? [];
  expect(files).toEqual(expect.arrayContaining(["console/index.html", "console/index.html.br", "console/theme.js"]));
  expect(files.some((path) => /^console\/assets\/workbench-page-.*\.js\.br$/.test(path))).toBe(true);
  expect(existsSync(join(SERVER, "console"))).toBe(false);
});
