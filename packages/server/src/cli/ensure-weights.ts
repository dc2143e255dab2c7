import { type CatalogWeights, catalog, findInCatalog } from "../weights/catalog.ts";
import { readFetchSettings } from "../weights/fetch-settings.ts";
import { fetchWeights } from "../weights/fetch-weights.ts";
import { type CliContext, UserError } from "./cli-context.ts";
import { createDownloadDisplay, formatBytes } from "./progress-bar.ts";

/** Fetches weights unless they are there; the file's path. */
export async function ensureWeights(name: string, context: CliContext, signal: AbortSignal): Promise<string> {
  const installed = await context.weights.find(name);
  if (installed !== undefined) return installed.file;
  const known = findInCatalog(name);
  if (known === undefined) throw unknownWeights(name);
  return (await context.weights.find(known.name))?.file ?? download(known, context, signal);
}

/** The full name of weights that are installed or in the catalog. */
export async function resolveWeightsName(name: string, context: CliContext): Promise<string> {
  const found = (await context.weights.find(name))?.name ?? findInCatalog(name)?.name;
  if (found === undefined) throw unknownWeights(name);
  return found;
}

async function download(weights: CatalogWeights, context: CliContext, signal: AbortSignal): Promise<string> {
  context.tell(`Fetching ${weights.title} (${formatBytes(weights.bytes)}, ${weights.license})`);
  const display = createDownloadDisplay(weights.name, process.stderr);
  try {
    return await fetchWeights(weights, {
      folder: context.weights.folder,
      ...readFetchSettings(process.env),
      onProgress: display.update,
      signal,
    });
  } finally {
    display.stop();
  }
}

function unknownWeights(name: string): UserError {
  return new UserError(
    `No weights are called ${JSON.stringify(name)}. Known: ${catalog.map((weights) => weights.name).join(", ")}. ` +
      "A GGUF file of your own works too: put it into the models folder of the data folder and use its name.",
  );
}
