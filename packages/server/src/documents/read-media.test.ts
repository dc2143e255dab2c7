import type { ImageBlockParam } from "@parley/wire";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { createMediaReader, type FetchMedia, MediaUnreachable, type MediaReading } from "./read-media.ts";
import { createTurnTaker } from "../platform/take-turns.ts";
import { readImagePlaces, readImageText } from "./read-image-text.ts";
import { makePdf, pdfOf } from "./testing/make-pdf.ts";
import { servedCapabilities } from "../models/served-capabilities.ts";
import { resolveClaudeModel } from "../models/resolve-claude-model.ts";

/** Each is read by a process of its own, on machines that may be busy. */
const SLOW_MS = 60_000;
const fixture = (name: string): Buffer => readFileSync(join(import.meta.dirname, "__fixtures__", name));
const rules = resolveClaudeModel("claude-haiku-4-5")?.model.rules;
if (!rules) throw new Error("claude-haiku-4-5 is unknown");
const reading: MediaReading = {
  workspaceId: "wrkspc_1",
  capabilities: servedCapabilities(rules, "ocr", false),
  mediaMax: 100,
  keepsNothing: false,
  signal: new AbortController().signal,
};

function request(...content: readonly unknown[]) {
  return { messages: [{ role: "user", content }] } as Parameters<ReturnType<typeof createMediaReader>["read"]>[0];
}
const pdfSource = (data: Buffer) => ({ type: "base64", media_type: "application/pdf", data: data.toString("base64") });
const document = (source: object) => ({ type: "document", source });
const imageSource = (type: string, data: Buffer) => ({
  type: "base64",
  media_type: `image/${type}`,
  data: data.toString("base64"),
});
const image = (source: object) => ({ type: "image", source });

/** Serves what the test says; everything else is not to be had. */
function webOf(files: Readonly<Record<string, { readonly mediaType: string; readonly bytes: Buffer }>>): FetchMedia {
  return async (url) => {
    const file = files[url];
    if (!file) throw new MediaUnreachable("status 404");
    return file;
  };
}
let pictures = 0;
const reader = createMediaReader({
  fetchMedia: webOf({
    "https://files.example/a.png": { mediaType: "image/png", bytes: fixture("invoice.gif") },
    "https://files.example/a.pdf": { mediaType: "application/pdf", bytes: await makePdf(["From the web."]) },
  }),
  readImageText: (bytes, signal) => {
    pictures += 1;
    return readImageText(bytes, signal);
  },
  readImagePlaces,
  turns: createTurnTaker(2),
});

describe("PDFs", { timeout: SLOW_MS }, () => {
  test("are their text, page by page, from the body, an address and inside a tool's result", async () => {
    const one = pdfSource(await makePdf(["Solar output rose in May.", "", "Two lines\nof a para-\ngraph."]));
    const web = { type: "url", url: "https://files.example/a.pdf" };
    const read = await reader.read(
      request(document(one), { type: "tool_result", tool_use_id: "t", content: [document(web)] }),
      reading,
    );
    expect(read.pages.get(one)).toEqual(["Solar output rose in May.", "", "Two lines\nof a paragraph."]);
    expect(read.pages.get(web)).toEqual(["From the web."]);
  });

  test.each([
    ["broken", () => Buffer.from("%PDF-1.4 and then nothing"), "data: The PDF specified was not valid."],
    ["not a PDF at all", () => fixture("invoice.png"), "data: The PDF specified was not valid."],
    ["locked", () => makePdf(["secret"], { userPassword: "x" }), "data: The PDF specified is password protected."],
    ["too long", () => makePdf(Array.from({ length: 101 }, () => "x")), "data: A maximum of 100 PDF pages may be provided."],
    [
      "only pictures",
      () => makePdf(["", ""]),
      "data: The PDF has no text layer, and this model cannot see pictures of its pages.",
    ],
  ])("that are %s get the platform's 400", { tags: "attack-pages" }, async (_name, make, message) => {
    await expect(reader.read(request(document(pdfSource(await make()))), reading)).rejects.toMatchObject({
      status: 400,
      publicMessage: `messages.0.content.0.document.source.base64.${message}`,
    });
  });

  test("count their pages together", async () => {
    const half = document(pdfSource(await makePdf(Array.from({ length: 60 }, (_, page) => `page ${page}`))));
    await expect(reader.read(request(half, half), reading)).rejects.toMatchObject({
      publicMessage: "messages.0.content.1.document.source.base64.data: A maximum of 100 PDF pages may be provided.",
    });
  });

  test("that inflate without end are refused, and the next one is read", { tags: "attack-pages" }, async () => {
    const bomb = pdfOf(Buffer.from(`BT /F1 9 Tf (${"x".repeat(40 * 1024 * 1024)}) Tj ET`));
    expect(bomb.length).toBeLessThan(100_000);
    await expect(reader.read(request(document(pdfSource(bomb))), reading)).rejects.toMatchObject({
      status: 400,
      publicMessage: expect.stringContaining("too large to be read"),
    });
    const next = pdfSource(await makePdf(["still here"]));
    expect((await reader.read(request(document(next)), reading)).pages.get(next)).toEqual(["still here"]);
  });

  test("at an address that gives none get the platform's 400", async () => {
    const gone = document({ type: "url", url: "https://files.example/gone.pdf" });
    await expect(reader.read(request(gone), reading)).rejects.toMatchObject({
      status: 400,
      publicMessage:
        "messages.0.content.0.document.source.url.url: Unable to download the file. Please verify the URL and try again.",
    });
  });
});

describe("pictures", { timeout: SLOW_MS }, () => {
  let png: Buffer;
  beforeAll(() => {
    png = fixture("invoice.png");
  });

  test.each(["png", "jpg", "gif", "webp"])("as %s are read by OCR without a network", async (type) => {
    const source = imageSource(type === "jpg" ? "jpeg" : type, fixture(`invoice.${type}`));
    const read = await reader.read(request(image(source)), reading);
    expect(read.pictures.get(source)).toBe("Invoice number 48213\nTotal due: 1,920 euros");
  });

  test("are taken for what they are, whatever the web server says of them", async () => {
    const source = { type: "url", url: "https://files.example/a.png" };
    expect((await reader.read(request(image(source)), reading)).pictures.get(source)).toContain("48213");
  });

  test("that come again are read once, but never for another workspace, and never under zero retention", async () => {
    const ask = async (over: Partial<MediaReading>) =>
      reader.read(request(image(imageSource("png", png))), { ...reading, ...over });
    await ask({});
    const before = pictures;
    await ask({});
    expect(pictures).toBe(before);
    await ask({ workspaceId: "wrkspc_2" });
    await ask({ keepsNothing: true });
    await ask({ keepsNothing: true });
    expect(pictures).toBe(before + 3);
  });

  test("are not touched where the model takes none: its own refusal follows", async () => {
    const before = pictures;
    const blind = { ...reading, capabilities: servedCapabilities(rules, "native", false) };
    const broken = image(imageSource("png", Buffer.from("nothing"))) as ImageBlockParam;
    expect((await reader.read(request(broken), blind)).pictures.size).toBe(0);
    expect(pictures).toBe(before);
  });

  const sized = (width: number, height: number): Buffer => {
    const bytes = Buffer.from(png);
    bytes.writeUInt32BE(width, 16);
    bytes.writeUInt32BE(height, 20);
    return bytes;
  };
  const padded = () => Buffer.concat([png, Buffer.alloc(5 * 1024 * 1024)]);

  test.each([
    ["no picture", () => imageSource("png", Buffer.from("nothing")), "base64.data: Could not process image"],
    ["no base64", () => ({ type: "base64", media_type: "image/png", data: "§§" }), "base64.data: Could not process image"],
    ["cut off", () => imageSource("png", png.subarray(0, 200)), "base64.data: Could not process image"],
    [
      "another type",
      () => imageSource("jpeg", png),
      "base64: The image was specified using the image/jpeg media type, but the image appears to be a image/png image",
    ],
    [
      "too many bytes",
      () => imageSource("png", padded()),
      `base64: image exceeds 5 MB maximum: ${5 * 1024 * 1024 + readFileSync(join(import.meta.dirname, "__fixtures__/invoice.png")).length} bytes > 5242880 bytes`,
    ],
    [
      "too wide",
      () => imageSource("png", sized(8_001, 10)),
      "base64.data: At least one of the image dimensions exceed max allowed size: 8000 pixels",
    ],
  ])("that are %s get the platform's 400", { tags: "attack-pages" }, async (_name, source, message) => {
    await expect(reader.read(request(image(source())), reading)).rejects.toMatchObject({
      status: 400,
      publicMessage: `messages.0.content.0.image.source.${message}`,
    });
  });

  test("may be 2000 pixels wide where they are many", async () => {
    const many = Array.from({ length: 21 }, () => image(imageSource("png", sized(2_001, 10))));
    await expect(reader.read(request(...many), reading)).rejects.toMatchObject({
      publicMessage: expect.stringContaining("max allowed size for many-image requests: 2000 pixels"),
    });
    await expect(reader.read(request(...many.slice(0, 3)), { ...reading, mediaMax: 100 })).rejects.toMatchObject({
      publicMessage: expect.stringContaining("Could not process image"),
    });
  });

  test("that are seen may not be larger together than an engine can hold decoded", async () => {
    const large = Array.from({ length: 3 }, () => image(imageSource("png", sized(8_000, 8_000))));
    await expect(reader.read(request(...large), { ...reading, seesImages: true })).rejects.toMatchObject({
      status: 400,
      publicMessage:
        "messages.0.content.2.image.source.base64.data: the images of the request have more than 128,000,000 pixels together: scale them down",
    });
    await reader.read(request(...large.slice(0, 2)), { ...reading, seesImages: true });
  });

  test("are at most as many as the model takes", async () => {
    const many = Array.from({ length: 101 }, () => image(imageSource("png", png)));
    await expect(reader.read(request(...many), reading)).rejects.toMatchObject({
      publicMessage: "messages: too many images: 101 > 100 maximum",
    });
  });
});

test("a client that leaves ends the reading", async () => {
  const leave = new AbortController();
  const pdf = document(pdfSource(await makePdf(["x"])));
  const read = reader.read(request(pdf), { ...reading, workspaceId: "wrkspc_3", signal: leave.signal });
  leave.abort(new Error("gone"));
  await expect(read).rejects.toThrow("gone");
});
