import { tmpdir } from "node:os";
import { createContainers } from "../../containers/create-containers.ts";
import { absentBlobs } from "../../doors/testing/absent-blobs.ts";
import { absentStorage } from "../../doors/testing/absent-storage.ts";
import { createFiles } from "../../files/create-files.ts";
import { systemClock } from "../../platform/clock.ts";
import { createTurnTaker } from "../../platform/take-turns.ts";
import { createCodeExecution } from "../code-execution/create-code-execution.ts";
import { type CodeRunnerDeps, createCodeRunner } from "../code-execution/create-code-runner.ts";
import type { ServerTools } from "../server-tool.ts";
import { createToolSearch } from "../tool-search/create-tool-search.ts";
import { createWebFetch } from "../web-fetch/create-web-fetch.ts";
import { createWebSearch } from "../web-search/create-web-search.ts";

/** A machine without a sandbox. */
export const noCode: CodeRunnerDeps & Parameters<typeof createCodeExecution>[1] = {
  sandbox: null,
  containers: createContainers({ storage: absentStorage, clock: systemClock, folder: tmpdir(), lifeDays: 1 }),
  files: createFiles({ storage: absentStorage, blobs: absentBlobs, clock: systemClock, quotaBytes: 0 }),
  skillFolders: { folderOf: () => Promise.reject(new Error("there are no skills here")) },
  timeoutMs: 1_000,
  concurrency: 1,
  createCheck: () => () => null,
  seal: () => "",
};

/** What a test of tools that reach the web has beside them. */
export const otherTools: Omit<ServerTools, "web_search" | "web_fetch"> = {
  tool_search_tool_regex: createToolSearch("regex"),
  tool_search_tool_bm25: createToolSearch("words"),
  ...createCodeExecution(createCodeRunner(noCode), noCode),
};

/** A server with no way to the web. */
export const bareTools: ServerTools = {
  ...otherTools,
  web_search: createWebSearch({ provider: null, resultsMax: 1, pageMaxCharacters: 1, seal: () => "" }),
  web_fetch: createWebFetch({
    egress: () => Promise.reject(new Error("nothing is fetched here")),
    turns: createTurnTaker(1),
    clock: systemClock,
    isEnabled: false,
    contentMaxTokens: 1,
  }),
};
