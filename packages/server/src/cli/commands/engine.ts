import { engineStatus } from "../../engines/install/engine-status.ts";
import { InstallError, type InstallProgress } from "../../engines/install/install-error.ts";
import { installLlamaServer } from "../../engines/install/install-llama-server.ts";
import { systemClock } from "../../platform/clock.ts";
import { type CliContext, UserError } from "../cli-context.ts";

/** Which engine `auto` takes, and why the others are not taken. */
export async function showEngine(context: CliContext): Promise<void> {
  const { config, dataDir } = context;
  const status = await engineStatus({ configured: config.engine.llama_server, dataDir, env: process.env });
  context.emit({ ...status, configured: config.engine.backend });
  const chosen = config.engine.backend === "auto" ? status.chosen : config.engine.backend;
  context.say(`Engine: ${chosen}${config.engine.backend === "auto" ? "" : " (engine.backend says so)"}`);
  if (status.found !== null)
    context.say(`llama-server: ${status.found.binary} (${status.found.origin}, ${status.found.version})`);
  for (const { binary, reason } of status.rejected) context.say(`not used: ${binary}: ${reason}`);
  if (status.outdated)
    context.say("The installed llama-server is of another llama.cpp than this Parley's: `parley engine install` renews it.");
  if (status.found === null) context.say("`parley engine install` adds llama-server: twice the throughput with many streams.");
}

export async function installEngine(
  options: { readonly method: string; readonly sha256?: string },
  context: CliContext,
  signal: AbortSignal,
): Promise<void> {
  if (options.method !== "release" && options.method !== "source") {
    throw new UserError(`--method is release or source, not ${options.method}.`);
  }
  let lastTold = "";
  try {
    const installed = await installLlamaServer({
      method: options.method,
      dataDir: context.dataDir,
      ...(options.sha256 === undefined ? {} : { sha256: options.sha256 }),
      clock: systemClock,
      fetch: globalThis.fetch,
      signal,
      onProgress: (progress) => {
        const percent = percentOf(progress);
        const line = percent === null ? progress.phase : `${progress.phase} ${percent}%`;
        if (line !== lastTold) context.tell(line);
        lastTold = line;
      },
    });
    context.say(`llama-server ${installed.version} is at ${installed.binary}. Parley uses it from its next start on.`);
    context.emit(installed);
  } catch (error) {
    if (error instanceof InstallError) throw new UserError(`${error.message}\n${error.remedy}`);
    throw error;
  }
}

function percentOf(progress: InstallProgress): number | null {
  if (progress.phase === "build") return Math.floor((progress.done / progress.total) * 20) * 5;
  if (progress.phase === "download" && progress.totalBytes !== null)
    return Math.floor((progress.doneBytes / progress.totalBytes) * 20) * 5;
  return null;
}
