import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { defineConfig, type Plugin } from "vite";

const SERVER = process.env["PARLEY_URL"] ?? "http://127.0.0.1:8484";
const COMPRESSIBLE = /\.(?:js|css|html|svg)$/;

/** The server sends what was compressed here, at the strongest level, and compresses nothing itself. */
function compressAhead(): Plugin {
  let folder = "";
  return {
    name: "compress-ahead",
    apply: "build",
    configResolved(config) {
      folder = join(config.root, config.build.outDir);
    },
    closeBundle() {
      for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
        if (!entry.isFile() || !COMPRESSIBLE.test(entry.name)) continue;
        const path = join(entry.parentPath, entry.name);
        const bytes = readFileSync(path);
        const quality = { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY };
        writeFileSync(`${path}.br`, brotliCompressSync(bytes, { params: quality }));
        writeFileSync(`${path}.gz`, gzipSync(bytes, { level: constants.Z_BEST_COMPRESSION }));
      }
    },
  };
}

export default defineConfig({
  base: "/console/",
  plugins: [react(), tailwindcss(), compressAhead()],
  resolve: { conditions: ["source", "module", "browser", "production"] },
  build: {
    target: "es2023",
    // Pictures stay files: the page's policy allows no data URLs.
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 400,
    // Modules run in the order in which they are imported, across chunks too: configure-zod.ts comes before every schema.
    rolldownOptions: {
      output: {
        strictExecutionOrder: true,
        // One file for all that the first page stands on: thirty small ones wait for one another over six connections.
        codeSplitting: { groups: [{ name: "first-page", tags: ["$initial"] }] },
      },
    },
  },
  server: { proxy: { "/v1": SERVER, "/console/api": SERVER } },
});
