import { deflateSync } from "node:zlib";
import PDFDocument from "pdfkit";

/** A PDF with a text a page; an empty text makes an empty page. */
export function makePdf(pages: readonly string[], options: { readonly userPassword?: string } = {}): Promise<Buffer> {
  const { promise, resolve } = Promise.withResolvers<Buffer>();
  const document = new PDFDocument({ autoFirstPage: false, pdfVersion: "1.7", ...options });
  const chunks: Buffer[] = [];
  document.on("data", (chunk: Buffer) => chunks.push(chunk)).on("end", () => resolve(Buffer.concat(chunks)));
  for (const text of pages) {
    document.addPage({ margin: 50 });
    // One line, however long: a page's text must not run over into the next.
    if (text !== "") document.fontSize(11).text(text, { lineBreak: text.length < 3_000 });
  }
  document.end();
  return promise;
}

/** A PDF of one page that is drawn by this stream, which is compressed. */
export function pdfOf(stream: Buffer): Buffer {
  const data = deflateSync(stream, { level: 9 });
  const page = "<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>";
  const objects = [
    Buffer.from("<</Type/Catalog/Pages 2 0 R>>"),
    Buffer.from("<</Type/Pages/Kids[3 0 R]/Count 1>>"),
    Buffer.from(page),
    Buffer.concat([Buffer.from(`<</Length ${data.length}/Filter/FlateDecode>>stream\n`), data, Buffer.from("\nendstream")]),
    Buffer.from("<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"),
  ];
  const parts = [Buffer.from("%PDF-1.4\n")];
  objects.forEach((object, index) => parts.push(Buffer.from(`${index + 1} 0 obj\n`), object, Buffer.from("\nendobj\n")));
  parts.push(Buffer.from(`trailer<</Root 1 0 R/Size ${objects.length + 1}>>\nstartxref\n0\n%%EOF\n`));
  return Buffer.concat(parts);
}
