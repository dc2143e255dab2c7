import { access, writeFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { AMX_HEADER } from "./amx-header.ts";
import { InstallError, type InstallProgress } from "./install-error.ts";
import { hasTool, runTool, ToolFailed } from "./run-tool.ts";

export interface BuildOptions {
  /** The installed `node-llama-cpp` package: it carries the llama.cpp source as a git bundle. */
  readonly sourcePackage: string;
  /** Scratch folder; sources (170 MB) and objects (150 MB) go there. */
  readonly workFolder: string;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: InstallProgress) => void;
}

/**
 * With AVX512-FP16, and weights that are repacked rather than given to AMX (also where the system does not let a process use AMX), a
 * batch of 2 to 63 tokens with flash attention comes out as noise: docs/install.md has the figures.
 */
const WITHOUT_HALVES = "-mno-avx512fp16";

/** Builds llama-server for this machine. Returns the binary's path inside `workFolder`. Throws `InstallError`. */
export async function buildFromSource({ sourcePackage, workFolder, signal, onProgress }: BuildOptions): Promise<string> {
  const bundle = join(sourcePackage, "llama", "gitRelease.bundle");
  await access(bundle).catch((cause: unknown) => {
    throw new InstallError("the installed node-llama-cpp package carries no llama.cpp source", {
      remedy: "Reinstall it (npm ci), or install a release with `parley engine install --from release`.",
      cause,
    });
  });
  const missing = await missingTools();
  if (missing.length > 0) {
    throw new InstallError(`building llama-server needs ${missing.join(", ")}, which this machine lacks`, {
      remedy: installAdvice(missing, process.platform),
    });
  }
  const source = join(workFolder, "source");
  const build = join(workFolder, "build");
  const step = async (program: string, args: readonly string[], onLine?: (line: string) => void): Promise<void> => {
    try {
      await runTool(program, args, { signal, ...(onLine ? { onLine } : {}) });
    } catch (error) {
      if (!(error instanceof ToolFailed)) throw error;
      throw new InstallError(`the build failed: ${error.message}`, {
        remedy: "If memory ran out, close other programs and try again; else please report this output.",
        cause: error,
      });
    }
  };
  onProgress({ phase: "checkout" });
  await step("git", ["-c", "advice.detachedHead=false", "clone", "--quiet", bundle, source]);
  onProgress({ phase: "configure" });
  const header = join(workFolder, "amx.h");
  await writeFile(header, AMX_HEADER);
  const added = [`-include "${header}"`, ...(process.arch === "x64" ? [WITHOUT_HALVES] : [])].join(" ");
  await step("cmake", [
    "-S",
    source,
    "-B",
    build,
    "-DCMAKE_BUILD_TYPE=Release",
    "-DBUILD_SHARED_LIBS=OFF",
    "-DGGML_NATIVE=ON",
    // Beside what the environment asks for, which these would replace.
    `-DCMAKE_C_FLAGS=${[process.env["CFLAGS"], added].filter(Boolean).join(" ")}`,
    `-DCMAKE_CXX_FLAGS=${[process.env["CXXFLAGS"], added].filter(Boolean).join(" ")}`,
    ...((await hasTool("nvcc")) ? ["-DGGML_CUDA=ON"] : []),
    // Only the server, and nothing that would be fetched from a network.
    "-DLLAMA_OPENSSL=OFF",
    "-DLLAMA_BUILD_TESTS=OFF",
    "-DLLAMA_BUILD_EXAMPLES=OFF",
    "-DLLAMA_BUILD_APP=OFF",
    "-DLLAMA_BUILD_UI=OFF",
    "-DLLAMA_USE_PREBUILT_UI=OFF",
  ]);
  await step(
    "cmake",
    ["--build", build, "--config", "Release", "--target", "llama-server", "--parallel", String(availableParallelism())],
    (line) => {
      const progress = readBuildLine(line);
      if (progress) onProgress(progress);
    },
  );
  return join(build, "bin", "llama-server");
}

/** Progress from a line of make (`[ 42%] Building ...`) or ninja (`[12/345] Building ...`); null for other lines. */
export function readBuildLine(line: string): Extract<InstallProgress, { phase: "build" }> | null {
  const percent = /^\[\s*(\d+)%\]\s+(.*)$/.exec(line);
  if (percent) return { phase: "build", done: Number(percent[1]), total: 100, step: percent[2] ?? "" };
  const steps = /^\[(\d+)\/(\d+)\]\s+(.*)$/.exec(line);
  if (steps) return { phase: "build", done: Number(steps[1]), total: Number(steps[2]), step: steps[3] ?? "" };
  return null;
}

async function missingTools(): Promise<string[]> {
  const [git, cmake, cxx] = await Promise.all([hasTool("git"), hasTool("cmake"), hasTool("c++")]);
  return [...(git ? [] : ["git"]), ...(cmake ? [] : ["cmake"]), ...(cxx ? [] : ["a C++ compiler"])];
}

/** How to get the missing tools on this platform. */
export function installAdvice(missing: readonly string[], platform: NodeJS.Platform): string {
  if (platform === "darwin") return "Run: xcode-select --install, and: brew install cmake";
  const names = missing.map((tool) => (tool === "a C++ compiler" ? "g++" : tool));
  return `Debian and Ubuntu: sudo apt-get install -y ${names.join(" ")}. Fedora: sudo dnf install ${names
    .map((name) => (name === "g++" ? "gcc-c++" : name))
    .join(" ")}. Alpine: apk add ${names.join(" ")} make linux-headers`;
}
