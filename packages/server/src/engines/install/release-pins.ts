/** An archive of the official llama.cpp release. */
export interface ReleaseAsset {
  /** `process.platform` and `process.arch`. */
  readonly platform: "linux" | "darwin";
  readonly arch: "x64" | "arm64";
  readonly name: string;
  /** Null: nobody has recorded it here yet, so an operator has to vouch for one. */
  readonly sha256: string | null;
}

/**
 * The release that the installed node-llama-cpp carries the source of (its llama/binariesGithubRelease.json), so that
 * both engines are the same llama.cpp. Asset names: that source's own .github/workflows/release.yml. A new release of
 * node-llama-cpp needs a new entry here; a test compares the two.
 */
export const RELEASE = {
  tag: "v0.5.0",
  baseUrl: "https://github.com/ggml-org/llama.cpp/releases/download",
  assets: [
    { platform: "linux", arch: "x64", name: "llama-v0.5.0-bin-ubuntu-x64.tar.gz", sha256: null },
    { platform: "linux", arch: "arm64", name: "llama-v0.5.0-bin-ubuntu-arm64.tar.gz", sha256: null },
    { platform: "darwin", arch: "x64", name: "llama-v0.5.0-bin-macos-x64.tar.gz", sha256: null },
    { platform: "darwin", arch: "arm64", name: "llama-v0.5.0-bin-macos-arm64.tar.gz", sha256: null },
  ] satisfies ReleaseAsset[],
} as const;
