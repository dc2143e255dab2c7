import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

const resolve = { conditions: ["source"] };
const ssr = { resolve: { conditions: ["source"] } };
/** What is waited for comes within a moment; a machine that is busy takes longer than the second by default. */
const patient = { poll: { timeout: 20_000 } };

/** unit: no I/O beyond temporary files. db: a real PostgreSQL. browser: a real Chromium. model: real weights. e2e: real clients, whole server. */
export default defineConfig({
  test: {
    // What `npm run attack` runs whole and counts; each is a row of its table. Here they run in their shorter form.
    tags: [
      { name: "attack-addresses", description: "Addresses inside this machine or its network, on every way out" },
      { name: "attack-pages", description: "Hostile web pages and documents" },
      { name: "attack-mcp", description: "Hostile MCP servers" },
      { name: "attack-sandbox", description: "Programs that try to leave their sandbox or use it up" },
      { name: "attack-skills", description: "Hostile skill archives" },
    ],
    projects: [
      {
        resolve,
        ssr,
        test: {
          name: "unit",
          expect: patient,
          include: ["packages/*/{src,test}/**/*.test.ts"],
          exclude: ["**/*.{db,browser,model,engine,e2e}.test.ts", "**/node_modules/**"],
          // No module keeps state of its own, so that each is loaded once, which is half of the work of these tests.
          isolate: false,
          // Some start programs; a machine that is busy takes longer than the five seconds by default.
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        resolve,
        ssr,
        test: {
          name: "db",
          expect: patient,
          include: ["packages/*/{src,test}/**/*.db.test.ts"],
          // They wait for databases and processes nearly half of the time.
          maxWorkers: Math.ceil(availableParallelism() * 1.5),
          // After `unit` where both are run, as `npm run attack` does: of one order all must have as many workers.
          sequence: { groupOrder: 1 },
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
      {
        resolve,
        ssr,
        test: {
          name: "browser",
          expect: patient,
          include: ["packages/server/test/browser/*.browser.test.ts"],
          // One browser at a time: two cores draw one page quickly, not four.
          fileParallelism: false,
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
      {
        resolve,
        ssr,
        test: {
          name: "model",
          expect: patient,
          include: ["packages/*/{src,test}/**/*.model.test.ts"],
          pool: "forks",
          maxWorkers: 1,
          fileParallelism: false,
          testTimeout: 300_000,
          hookTimeout: 600_000,
        },
      },
      {
        resolve,
        ssr,
        test: {
          // Engines that somebody has started: `npm run test:engines`, not part of `npm test`.
          name: "engines",
          expect: patient,
          include: ["packages/*/src/**/*.engine.test.ts"],
          pool: "forks",
          maxWorkers: 1,
          fileParallelism: false,
          testTimeout: 600_000,
          hookTimeout: 600_000,
        },
      },
      {
        resolve,
        ssr,
        test: {
          name: "e2e",
          expect: patient,
          include: ["packages/*/test/**/*.e2e.test.ts"],
          pool: "forks",
          maxWorkers: 1,
          fileParallelism: false,
          testTimeout: 600_000,
          hookTimeout: 900_000,
        },
      },
    ],
  },
});
