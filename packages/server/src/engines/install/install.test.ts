import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { systemClock } from "../../platform/clock.ts";
import { installAdvice, readBuildLine } from "./build-from-source.ts";
import { engineStatus } from "./engine-status.ts";
import { findLlamaServer, installFolder } from "./find-llama-server.ts";
import { installLlamaServer, llamaSourcePackage, sourceTag, type InstallOptions } from "./install-llama-server.ts";
import { InstallError, type InstallProgress } from "./install-error.ts";
import { readVersion } from "./probe-llama-server.ts";
import { RELEASE } from "./release-pins.ts";

const VERSION = "version: 0.5.0 (build 1, commit abcdef)";
let server: Server;
let baseUrl: string;
let served: Buffer;
let folder: string;

/** A program that answers like llama-server, packed as the official archives are. */
function fakeArchive(says: string): Buffer {
  const content = join(mkdtempSync(join(folder, "archive-")), "llama-v9");
  mkdirSync(content);
  writeFileSync(join(content, "llama-server"), `#!/bin/sh\n${says}\n`);
  chmodSync(join(content, "llama-server"), 0o755);
  writeFileSync(join(content, "libllama.so"), "library");
  return execFileSync("tar", ["-czf", "-", "-C", dirname(content), "llama-v9"]);
}
const sha256 = (bytes: Buffer) => createHash("sha256").update(bytes).digest("hex");

beforeAll(async () => {
  server = createServer((request, response) => {
    if (request.url !== "/v9/llama-v9.tar.gz") return response.writeHead(404).end();
    return response.writeHead(200, { "content-length": served.byteLength }).end(served);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => void server.close());
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "parley-install-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function install(more: Partial<InstallOptions> & { pin?: string | null } = {}) {
  const { pin = sha256(served), ...options } = more;
  const platform = process.platform as "linux" | "darwin";
  const arch = process.arch as "x64" | "arm64";
  return installLlamaServer({
    method: "release",
    dataDir: folder,
    clock: systemClock,
    fetch,
    signal: new AbortController().signal,
    onProgress: () => {},
    release: { tag: "v9", baseUrl, assets: [{ platform, arch, name: "llama-v9.tar.gz", sha256: pin }] },
    ...options,
  });
}
const leftovers = () => readdirSync(join(folder, "engines")).filter((name) => name.includes("partial"));

describe("installing a release", () => {
  test("puts the whole archive in place, and it is found", async () => {
    served = fakeArchive(`echo '${VERSION}'`);
    const progress: InstallProgress[] = [];
    const location = await install({ onProgress: (step) => progress.push(step) });
    expect(location).toMatchObject({ origin: "installed", version: "0.5.0" });
    expect(existsSync(join(dirname(location.binary), "libllama.so"))).toBe(true);
    expect(progress.map(({ phase }) => phase)).toEqual(expect.arrayContaining(["download", "unpack", "check"]));
    expect(progress.find((step) => step.phase === "download")).toMatchObject({ totalBytes: served.byteLength });
    const search = { configured: null, dataDir: folder, env: { PATH: "" } };
    expect(await findLlamaServer(search)).toEqual({ found: location, rejected: [] });
    expect(await engineStatus(search)).toMatchObject({
      chosen: "llama-server",
      installed: { method: "release", tag: "v9", version: "0.5.0" },
      outdated: true,
    });
    expect(leftovers()).toEqual([]);
  });

  test("replaces what was installed before", async () => {
    served = fakeArchive(`echo '${VERSION}'`);
    await install();
    served = fakeArchive(`echo 'version: 0.6.1 (build 2, commit fedcba)'`);
    expect(await install()).toMatchObject({ version: "0.6.1" });
    expect(leftovers()).toEqual([]);
  });

  test("content that is not what was pinned is not installed", async () => {
    served = fakeArchive(`echo '${VERSION}'`);
    await expect(install({ pin: "0".repeat(64) })).rejects.toThrow(/it was not installed/);
    expect(existsSync(installFolder(folder))).toBe(false);
    expect(leftovers()).toEqual([]);
  });

  test("without a recorded checksum it refuses, until the operator names one", async () => {
    served = fakeArchive(`echo '${VERSION}'`);
    await expect(install({ pin: null })).rejects.toMatchObject({
      name: "InstallError",
      message: /no checksum/,
      remedy: /--sha256/,
    });
    await expect(install({ pin: null, sha256: sha256(served).toUpperCase() })).resolves.toMatchObject({ version: "0.5.0" });
  });

  test("a binary that does not run leaves the installed one as it was", async () => {
    served = fakeArchive(`echo '${VERSION}'`);
    const before = await install();
    served = fakeArchive("kill -ILL $$");
    await expect(install()).rejects.toThrow(/cannot be used here: it was ended by SIGILL/);
    expect((await findLlamaServer({ configured: null, dataDir: folder, env: {} })).found).toEqual(before);
  });

  test("a missing asset, an unreachable host and an archive without the program say so", async () => {
    served = fakeArchive(`echo '${VERSION}'`);
    const release = {
      tag: "v8",
      baseUrl,
      assets: [{ platform: process.platform as "linux", arch: process.arch as "x64", name: "x.tar.gz", sha256: "00" }],
    };
    await expect(install({ release })).rejects.toThrow(/answers 404/);
    await expect(install({ release: { ...release, baseUrl: "http://127.0.0.1:1" } })).rejects.toBeInstanceOf(InstallError);
    await expect(install({ release: { ...release, assets: [] } })).rejects.toThrow(/no release for/);
    served = execFileSync("tar", ["-czf", "-", "-C", import.meta.dirname, "release-pins.ts"]);
    await expect(install()).rejects.toThrow(/holds no llama-server/);
  });

  test("an abort ends it and leaves nothing", async () => {
    served = fakeArchive(`echo '${VERSION}'`);
    const stop = new AbortController();
    const reason = new Error("enough");
    await expect(install({ signal: stop.signal, onProgress: () => stop.abort(reason) })).rejects.toBe(reason);
    expect(leftovers()).toEqual([]);
  });
});

describe("finding llama-server", () => {
  const program = (name: string, says: string): string => {
    const path = join(folder, name, "llama-server");
    mkdirSync(dirname(path));
    writeFileSync(path, `#!/bin/sh\n${says}\n`);
    chmodSync(path, 0o755);
    return path;
  };

  test("the configured path is the only one looked at", async () => {
    const good = program("good", `echo '${VERSION}'`);
    const bad = program("bad", "exit 3");
    const env = { PATH: dirname(good) };
    expect((await findLlamaServer({ configured: good, dataDir: folder, env: {} })).found).toMatchObject({
      binary: good,
      origin: "config",
    });
    expect(await findLlamaServer({ configured: bad, dataDir: folder, env })).toMatchObject({
      found: null,
      rejected: [{ binary: bad, origin: "config" }],
    });
    expect(await findLlamaServer({ configured: join(folder, "nowhere"), dataDir: folder, env })).toMatchObject({
      found: null,
      rejected: [{ reason: "there is no such file" }],
    });
  });

  test("an old one on the PATH is passed over, with the reason", async () => {
    const old = program("old", "echo 'version: 6543 (abcdef)' >&2");
    const good = program("good", `echo '${VERSION}'`);
    expect(
      await findLlamaServer({ configured: null, dataDir: folder, env: { PATH: `${dirname(old)}:${dirname(good)}` } }),
    ).toEqual({
      found: { binary: good, origin: "path", version: "0.5.0" },
      rejected: [{ binary: old, origin: "path", reason: "version 6543 is older than 0.5" }],
    });
  });

  test("with none at all the embedded engine is chosen", async () => {
    expect(await engineStatus({ configured: null, dataDir: folder, env: {} })).toEqual({
      found: null,
      rejected: [],
      installed: null,
      outdated: false,
      chosen: "node-llama-cpp",
    });
  });

  test.each([
    ["version: 0.5.0-dev (build 1, commit de3ff81)\nbuilt with GNU", { usable: true, version: "0.5.0-dev" }],
    ["version: 1.0.2 (build 9, commit a)", { usable: true, version: "1.0.2" }],
    ["version: 0.4.9 (build 9, commit a)", { usable: false, reason: "version 0.4.9 is older than 0.5" }],
    ["hello", { usable: false, reason: "it does not say a llama.cpp version" }],
  ])("%j", (output, result) => expect(readVersion(output)).toEqual(result));
});

describe("building from source", () => {
  test("progress is read from make and from ninja", () => {
    expect(readBuildLine("[ 42%] Building CXX object src/llama.cpp.o")).toEqual({
      phase: "build",
      done: 42,
      total: 100,
      step: "Building CXX object src/llama.cpp.o",
    });
    expect(readBuildLine("[12/345] Linking CXX executable bin/llama-server")).toMatchObject({ done: 12, total: 345 });
    expect(readBuildLine("warning: unused variable")).toBeNull();
  });

  test("missing tools are named with the command that brings them", () => {
    expect(installAdvice(["cmake", "a C++ compiler"], "linux")).toContain("apt-get install -y cmake g++");
    expect(installAdvice(["cmake"], "darwin")).toContain("xcode-select --install");
  });

  test("a package without the source is an error with a remedy", async () => {
    mkdirSync(join(folder, "llama"));
    writeFileSync(join(folder, "llama", "binariesGithubRelease.json"), `{"release":"v1"}`);
    await expect(install({ method: "source", sourcePackage: folder, pin: null })).rejects.toMatchObject({
      name: "InstallError",
      message: /carries no llama.cpp source/,
    });
  });

  test("the pinned release is the llama.cpp that node-llama-cpp carries", async () => {
    expect(await sourceTag(llamaSourcePackage())).toBe(RELEASE.tag);
    expect(readFileSync(join(llamaSourcePackage(), "package.json"), "utf8")).toContain('"name": "node-llama-cpp"');
    for (const { name } of RELEASE.assets) expect(name).toContain(RELEASE.tag);
  });
});
