import { constants } from "node:fs";
import { access, readFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { z } from "zod";
import { probeLlamaServer } from "./probe-llama-server.ts";

export type Origin = "config" | "installed" | "path";

export interface LlamaServerLocation {
  readonly binary: string;
  readonly origin: Origin;
  readonly version: string;
}

export interface RejectedBinary {
  readonly binary: string;
  readonly origin: Origin;
  readonly reason: string;
}

export interface FoundLlamaServer {
  readonly found: LlamaServerLocation | null;
  /** Binaries that exist (or are named in the config) and cannot be used. */
  readonly rejected: readonly RejectedBinary[];
}

export interface FindOptions {
  /** `engine.llama_server`; when it is set nothing else is looked at. */
  readonly configured: string | null;
  readonly dataDir: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** What an installation leaves beside its files. Written last, so its presence means that the rest is whole. */
export const Receipt = z.object({
  method: z.enum(["release", "source"]),
  tag: z.string(),
  version: z.string(),
  /** Relative to the receipt's folder. */
  binary: z.string(),
  installedAtMs: z.number(),
});
export type Receipt = z.infer<typeof Receipt>;
export const RECEIPT_NAME = "installed.json";

/** Where `parley engine install` puts llama-server. */
export function installFolder(dataDir: string): string {
  return join(dataDir, "engines", "llama-server");
}

/** The receipt of what is installed; null when nothing (whole) is. */
export async function readReceipt(dataDir: string): Promise<Receipt | null> {
  try {
    const receipt = Receipt.safeParse(JSON.parse(await readFile(join(installFolder(dataDir), RECEIPT_NAME), "utf8")));
    return receipt.success ? receipt.data : null;
  } catch {
    return null;
  }
}

/** Looks at the configured path, else at what Parley installed, else at the PATH; takes the first that can be used. */
export async function findLlamaServer({ configured, dataDir, env }: FindOptions): Promise<FoundLlamaServer> {
  const rejected: RejectedBinary[] = [];
  for (const { binary, origin } of await candidates({ configured, dataDir, env })) {
    const probe = await probeLlamaServer(binary);
    if (probe.usable) return { found: { binary, origin, version: probe.version }, rejected };
    rejected.push({ binary, origin, reason: probe.reason });
  }
  return { found: null, rejected };
}

async function candidates({ configured, dataDir, env }: FindOptions): Promise<{ binary: string; origin: Origin }[]> {
  if (configured !== null) return [{ binary: configured, origin: "config" }];
  const receipt = await readReceipt(dataDir);
  const folders = (env["PATH"] ?? "").split(delimiter).filter((folder) => folder !== "");
  const onPath: { binary: string; origin: Origin }[] = [];
  for (const binary of folders.map((folder) => join(folder, "llama-server"))) {
    const exists = await access(binary, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (exists) onPath.push({ binary, origin: "path" });
  }
  return [
    ...(receipt ? [{ binary: join(installFolder(dataDir), receipt.binary), origin: "installed" as const }] : []),
    ...onPath,
  ];
}
