import { getDocumentProxy } from "unpdf";
import { answerOnce } from "./answer-once.ts";
import type { PdfRefusal, PdfReply, PdfTask } from "./pdf-messages.ts";
import { toPageText } from "./to-page-text.ts";

async function read({ bytes, pagesMax, charactersMax }: PdfTask): Promise<PdfReply> {
  const document = await getDocumentProxy(Uint8Array.from(bytes), { verbosity: 0, useSystemFonts: false });
  if (document.numPages > pagesMax) return refused("too-many-pages", `${document.numPages} pages`);
  const pages: string[] = [];
  let characters = 0;
  for (let number = 1; number <= document.numPages; number += 1) {
    const page = await document.getPage(number);
    const { items } = await page.getTextContent();
    const text = toPageText(items);
    // What a page needed is given back before the next one is read.
    page.cleanup();
    characters += text.length;
    if (characters > charactersMax) return refused("too-much-text", `page ${number}`);
    pages.push(text);
  }
  return { type: "text", pages };
}

function refused(reason: PdfRefusal, message: string): PdfReply {
  return { type: "refused", reason, message };
}

function toRefusal(error: unknown): PdfReply {
  const { name, message } = error instanceof Error ? error : { name: "", message: String(error) };
  return refused(name === "PasswordException" ? "encrypted" : "invalid", message);
}

answerOnce((task) => read(task as PdfTask).catch(toRefusal));
