import { Readability } from "@mozilla/readability";
import { parseHTML } from "linkedom";

export interface ReadPage {
  readonly title: string | null;
  readonly text: string;
}

/** Below this, what Readability took for the article is a part of a page that is none: a list, a form, an index. */
const ARTICLE_MIN_CHARACTERS = 200;
const UNREAD = "script, style, title, noscript, template, svg, iframe, nav, footer";
const BLOCKS = "p, li, pre, blockquote, h1, h2, h3, h4, h5, h6, tr, dt, dd, div, section, article, figcaption";

/** All text of an HTML page, but for its menus and scripts. */
export function readWhole(html: string): ReadPage {
  const document = toDocument(html);
  return { title: titleOf(document), text: textOf(document) };
}

/** The part of a page for whose sake it is there; null where it has none. */
export function readArticle(html: string): ReadPage | null {
  const document = toDocument(html);
  const title = titleOf(document);
  const article = new Readability(document).parse();
  if (!article?.content) return null;
  const text = textOf(toDocument(article.content));
  return text.length < ARTICLE_MIN_CHARACTERS ? null : { title: article.title || title, text };
}

/** As much of a document as is used here; the types of a browser are none of a server's. */
interface HtmlElement {
  readonly textContent: string | null;
  append(text: string): void;
  replaceWith(text: string): void;
  remove(): void;
}

interface HtmlDocument {
  readonly body: { readonly textContent: string | null } | null;
  querySelectorAll(selector: string): Iterable<HtmlElement>;
}

function toDocument(html: string): HtmlDocument {
  // The parser adds no `html` and `body` where a page leaves them out, as it may.
  const whole = /<body[\s>]/i.test(html) ? html : `<!doctype html><html><body>${html}</body></html>`;
  return parseHTML(whole).document as HtmlDocument;
}

function titleOf(document: HtmlDocument): string | null {
  const [title] = document.querySelectorAll("title");
  const text = title?.textContent?.replaceAll(/\s+/g, " ").trim() ?? "";
  return text === "" ? null : text;
}

/** Each block on a line of its own. */
function textOf(document: HtmlDocument): string {
  for (const gone of document.querySelectorAll(UNREAD)) gone.remove();
  for (const cell of document.querySelectorAll("td, th")) cell.append(" ");
  for (const line of document.querySelectorAll("br")) line.replaceWith("\n");
  for (const block of document.querySelectorAll(BLOCKS)) block.append("\n");
  return (document.body?.textContent ?? "")
    .replaceAll(/[^\S\n]+/g, " ")
    .replaceAll(/ ?\n ?/g, "\n")
    .replaceAll(/\n{3,}/g, "\n\n")
    .trim();
}
