import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ConfigError, loadConfig } from "./config.ts";

const folder = () => mkdtempSync(join(tmpdir(), "parley-config-"));

test("without a file everything has a default, and only loopback is bound", () => {
  const { config, file } = loadConfig({ env: {}, dataDir: folder() });
  expect(file).toBeNull();
  expect(config).toMatchObject({ host: "127.0.0.1", port: 8484, database_url: null, engine: { backend: "auto", slots: 4 } });
});

test("the command line wins over the environment, and that over the file", () => {
  const dataDir = folder();
  writeFileSync(join(dataDir, "parley.yaml"), "port: 1111\nengine:\n  slots: 2\n  threads: 3\n");
  const { config } = loadConfig({ env: { PARLEY_PORT: "2222", PARLEY_SLOTS: "5" }, dataDir, overrides: { port: 3333 } });
  expect(config.port).toBe(3333);
  expect(config.engine).toMatchObject({ slots: 5, threads: 3 });
});

test("a bad value is named with its key, where it came from and the remedy", () => {
  const dataDir = folder();
  writeFileSync(join(dataDir, "parley.yaml"), "prot: 1\n");
  const load = () => loadConfig({ env: { PARLEY_PORT: "eighty" }, dataDir });
  expect(load).toThrow(ConfigError);
  expect(load).toThrow('port = "eighty" (from PARLEY_PORT): Invalid input: expected number, received NaN');
  expect(load).toThrow("prot = 1");
  expect(load).toThrow("Known keys: host, port");
});

test("a file that is not YAML is named", () => {
  const dataDir = folder();
  writeFileSync(join(dataDir, "parley.yaml"), "a: [1\n");
  expect(() => loadConfig({ env: {}, dataDir })).toThrow(/parley\.yaml/);
});
