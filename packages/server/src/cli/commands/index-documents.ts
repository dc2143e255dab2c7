import { access } from "node:fs/promises";
import { basename, resolve } from "node:path";
import { addToIndex } from "../../search-index/add-to-index.ts";
import { listSearchCollections, removeSearchCollection } from "../../storage/search-index.ts";
import { type CliContext, UserError } from "../cli-context.ts";
import { confirm } from "../confirm.ts";
import { withTenancy } from "../with-tenancy.ts";

export interface IndexAddOptions {
  readonly name?: string;
  readonly url?: string;
}

/** Beside a running server, which finds what is added at once. */
export async function addDocuments(
  path: string,
  options: IndexAddOptions,
  context: CliContext,
  signal: AbortSignal,
): Promise<void> {
  const folder = resolve(path);
  await access(folder).catch(() => {
    throw new UserError(`${folder} is not there.`);
  });
  const { name: collection = basename(folder), url: baseUrl = null } = options;
  if (baseUrl !== null && !(URL.canParse(baseUrl) && /^https?:/.test(baseUrl))) {
    throw new UserError("--url must be an http or https address.");
  }
  const { language, provider } = context.config.web_search;
  await withTenancy(context, async ({ storage, clock }) => {
    const onSkipped = (name: string, why: string): void => context.tell(`Skipped ${name}: ${why}.`);
    const added = await addToIndex({ storage, clock, language, path: folder, collection, baseUrl, signal, onSkipped });
    const { written, unchanged, removed, skipped } = added;
    context.say(`${collection}: ${written} written, ${unchanged} unchanged, ${removed} removed, ${skipped} skipped.`);
    context.emit({ collection, ...added });
  });
  if (provider !== "local") context.tell("Searches do not use the index yet: set `web_search.provider: local`.");
}

export async function listDocuments(context: CliContext): Promise<void> {
  await withTenancy(context, async ({ storage }) => {
    const collections = await listSearchCollections(storage);
    if (collections.length === 0) context.say("Nothing is indexed. Add a folder: parley index add FOLDER");
    for (const { name, documents, passages, addedAt } of collections) {
      context.say(`${name}  ${documents} documents, ${passages} passages, last written ${addedAt.toISOString()}`);
      context.emit({ name, documents, passages, added_at: addedAt.toISOString() });
    }
  });
}

export async function removeDocuments(name: string, options: { readonly yes?: boolean }, context: CliContext): Promise<void> {
  await confirm(`Remove ${name} from the index?`, options, context);
  await withTenancy(context, async ({ storage }) => {
    const documents = await removeSearchCollection(storage, name);
    if (documents === 0) throw new UserError(`Nothing is indexed as ${name}.`);
    context.say(`${name} is removed: ${documents} documents.`);
    context.emit({ name, documents });
  });
}
