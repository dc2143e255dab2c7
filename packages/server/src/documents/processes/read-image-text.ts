import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { createWorker, OEM, PSM } from "tesseract.js";
import { answerOnce } from "./answer-once.ts";
import type { OcrReply, OcrTask } from "./ocr-messages.ts";
import { toPlaces } from "./to-places.ts";

/** The language's data comes with a package: nothing is fetched at run time, and nothing is kept. */
const DATA = join(dirname(fileURLToPath(import.meta.resolve("@tesseract.js-data/eng"))), "4.0.0_best_int");

async function read({ bytes, placed }: OcrTask): Promise<OcrReply> {
  let fail: (error: unknown) => void = () => {};
  // The library says some failures here and nowhere else; without a handler it throws them where nobody can catch them.
  const failed = new Promise<never>((_, reject) => (fail = reject));
  const work = async (): Promise<OcrReply> => {
    const worker = await createWorker("eng", OEM.LSTM_ONLY, {
      langPath: DATA,
      cacheMethod: "none",
      gzip: true,
      errorHandler: fail,
    });
    if (!placed) return { type: "text", text: (await worker.recognize(Buffer.from(bytes))).data.text };
    // A screen has texts here and there, and no columns.
    await worker.setParameters({ tessedit_pageseg_mode: PSM.SPARSE_TEXT });
    const { data } = await worker.recognize(Buffer.from(bytes), {}, { text: false, blocks: true });
    return { type: "places", places: toPlaces(data) };
  };
  return Promise.race([work(), failed]);
}

answerOnce((task) => read(task as OcrTask).catch((error: unknown): OcrReply => ({ type: "failed", message: String(error) })));
