import { join } from "node:path";
import { type Config, type LoadedConfig, loadConfig } from "../platform/config.ts";
import { type WeightsStore, createWeightsStore } from "../weights/weights-store.ts";

/** Options that every command takes. */
export interface GlobalOptions {
  readonly data?: string;
  readonly config?: string;
  readonly json?: boolean;
}

/** What a command works with: its configuration and its two streams. */
export interface CliContext extends LoadedConfig {
  readonly json: boolean;
  readonly weights: WeightsStore;
  /** The configuration as it is now. */
  readonly reread: () => Config;
  /** A line for the person, on stdout. Nothing in JSON mode. */
  say(line: string): void;
  /** Progress and warnings, on stderr. */
  tell(line: string): void;
  /** One JSON line for a script, on stdout. Nothing otherwise. */
  emit(value: unknown): void;
}

/** A mistake of the person's or a state that they can mend: shown without a stack, exit code 1. */
export class UserError extends Error {
  override readonly name = "UserError";
}

export function createCliContext(options: GlobalOptions, overrides: Readonly<Record<string, unknown>> = {}): CliContext {
  const load = (): LoadedConfig => loadConfig({ env: process.env, dataDir: options.data, file: options.config, overrides });
  const loaded = load();
  const json = options.json ?? false;
  return {
    ...loaded,
    json,
    reread: () => load().config,
    weights: createWeightsStore(join(loaded.dataDir, "models")),
    say: (line) => {
      if (!json) process.stdout.write(`${line}\n`);
    },
    tell: (line) => void process.stderr.write(`${line}\n`),
    emit: (value) => {
      if (json) process.stdout.write(`${JSON.stringify(value)}\n`);
    },
  };
}
