import { eq, sql } from "drizzle-orm";
import { searchDocuments, searchPassages } from "./schema.ts";
import type { Storage } from "./storage.ts";

export interface IndexedPassage {
  readonly fragment: string;
  readonly text: string;
}

export interface IndexedDocument {
  readonly url: string;
  readonly collection: string;
  readonly title: string;
  readonly sha256: string;
  readonly addedAt: Date;
}

export interface FoundPassage {
  /** With its fragment. */
  readonly url: string;
  readonly title: string;
  readonly text: string;
  readonly addedAt: Date;
}

export interface SearchCollection {
  readonly name: string;
  readonly documents: number;
  readonly passages: number;
  readonly addedAt: Date;
}

/** A statement has at most 65,535 parameters. */
const PASSAGES_AT_ONCE = 1_000;

/** Writes a document in the place of what stood at its URL. */
export async function putSearchDocument(
  storage: Storage,
  document: IndexedDocument,
  passages: readonly IndexedPassage[],
  language: string,
): Promise<void> {
  await storage.run({ operation: "index a document", repeatable: true }, (database) =>
    database.transaction(async (transaction) => {
      const { url, ...rest } = document;
      await transaction.insert(searchDocuments).values(document).onConflictDoUpdate({ target: searchDocuments.url, set: rest });
      await transaction.delete(searchPassages).where(eq(searchPassages.url, url));
      for (let from = 0; from < passages.length; from += PASSAGES_AT_ONCE) {
        await transaction.insert(searchPassages).values(
          passages.slice(from, from + PASSAGES_AT_ONCE).map(({ fragment, text }, at) => ({
            url,
            number: from + at,
            fragment,
            text,
            // What the title says counts for more than what the text says.
            terms: sql`setweight(to_tsvector(${language}::regconfig, ${document.title}), 'A')
              || setweight(to_tsvector(${language}::regconfig, ${text}), 'B')`,
          })),
        );
      }
    }),
  );
}

/** What is there of a collection: the hash of each document by its URL. */
export async function readSearchHashes(storage: Storage, collection: string): Promise<ReadonlyMap<string, string>> {
  const rows = await storage.run({ operation: "read indexed documents", repeatable: true }, (database) =>
    database
      .select({ url: searchDocuments.url, sha256: searchDocuments.sha256 })
      .from(searchDocuments)
      .where(eq(searchDocuments.collection, collection)),
  );
  return new Map(rows.map(({ url, sha256 }) => [url, sha256]));
}

export async function removeSearchDocument(storage: Storage, url: string): Promise<void> {
  await storage.run({ operation: "remove an indexed document", repeatable: true }, (database) =>
    database.delete(searchDocuments).where(eq(searchDocuments.url, url)),
  );
}

/** Returns how many documents it had. */
export async function removeSearchCollection(storage: Storage, collection: string): Promise<number> {
  const result = await storage.run({ operation: "remove indexed documents", repeatable: true }, (database) =>
    database.delete(searchDocuments).where(eq(searchDocuments.collection, collection)),
  );
  return result.rowCount ?? 0;
}

export async function listSearchCollections(storage: Storage): Promise<SearchCollection[]> {
  const { rows } = await storage.run({ operation: "list indexed documents", repeatable: true }, (database) =>
    database.execute<{ name: string; documents: string; passages: string; added_at: Date | string }>(sql`
      select d.collection as name, count(*) as documents, sum(p.passages) as passages, max(d.added_at) as added_at
      from search_documents d
      cross join lateral (select count(*) as passages from search_passages where url = d.url) p
      group by d.collection order by d.collection`),
  );
  return rows.map(({ name, documents, passages, added_at: addedAt }) => ({
    name,
    documents: Number(documents),
    passages: Number(passages),
    addedAt: new Date(addedAt),
  }));
}

/**
 * The best passage of each document that has any word of the query, best first: those with all of its words before the
 * others, then by how often and how near each other they stand. A model writes questions, and few passages hold every
 * word of one.
 */
export async function findPassages(
  storage: Storage,
  { query, language, limit }: { readonly query: string; readonly language: string; readonly limit: number },
): Promise<FoundPassage[]> {
  const { rows } = await storage.run({ operation: "search the index", repeatable: true }, (database) =>
    database.execute<{ url: string; fragment: string; title: string; text: string; added_at: Date | string }>(sql`
      with asked as (
        select q.whole, replace(q.whole::text, ' & ', ' | ')::tsquery as part
        from (select plainto_tsquery(${language}::regconfig, ${query}) as whole) q
      ), best as (
        select distinct on (p.url) p.url, p.fragment, p.text, p.terms @@ a.whole as is_whole,
          ts_rank_cd(p.terms, a.part, 1) + ts_rank(p.terms, a.part, 1) as rank
        from search_passages p, asked a
        where p.terms @@ a.part
        order by p.url, is_whole desc, rank desc, p.number
      )
      select b.url, b.fragment, d.title, b.text, d.added_at
      from best b join search_documents d on d.url = b.url
      order by b.is_whole desc, b.rank desc, b.url limit ${limit}`),
  );
  return rows.map(({ url, fragment, title, text, added_at: addedAt }) => ({
    url: `${url}${fragment}`,
    title,
    text,
    addedAt: new Date(addedAt),
  }));
}
