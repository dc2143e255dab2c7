import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { extractText, getDocumentProxy } from "unpdf";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readZip } from "../../src/skills/read-zip.ts";
import { testPython } from "../support/lend-python.ts";

const run = promisify(execFile);
const SKILLS = join(import.meta.dirname, "../../skills");
const PNG = Buffer.from(
  "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000a49444154789c63000100000500010d0a2db40000000049454e44ae426082",
  "hex",
);

let folder: string;
/** As the sandbox has it. */
let environment: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "parley-skills-"));
  environment = await testPython();
  await writeFile(join(folder, "chart.png"), PNG);
}, 300_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Runs a script of a skill in the folder, as the model would. */
async function python(script: string, ...args: readonly string[]): Promise<string> {
  const env = { PATH: process.env["PATH"] ?? "", PYTHONDONTWRITEBYTECODE: "1", PYTHONIOENCODING: "utf-8" };
  return (await run(join(environment, "bin/python3"), [join(SKILLS, script), ...args], { cwd: folder, env })).stdout;
}

/** The description that the skill's own instructions show, so that what they say is what works. */
async function writeExample(skill: string): Promise<void> {
  const [, example = ""] = /```json\n(.*?)\n```/s.exec(await readFile(join(SKILLS, skill, "SKILL.md"), "utf8")) ?? [];
  await writeFile(join(folder, "spec.json"), example);
}

/** Of an Office file, which is an archive: its parts, each checked against its checksum. */
async function partsOf(name: string): Promise<readonly string[]> {
  return (await readZip(await readFile(join(folder, name)))).map(({ path }) => path);
}

test("xlsx makes a workbook with formulas and a chart, which opens and reads back", async () => {
  await writeExample("xlsx");
  expect(await python("xlsx/scripts/create_workbook.py", "spec.json", "report.xlsx")).toBe("report.xlsx: 1 sheets\n");
  expect(await partsOf("report.xlsx")).toEqual(expect.arrayContaining(["xl/workbook.xml", "xl/charts/chart1.xml"]));
  const read = JSON.parse(await python("xlsx/scripts/read_workbook.py", "report.xlsx", "--formulas")) as object;
  expect(read).toEqual({
    sheets: [
      {
        name: "Sales",
        rows: [
          ["Month", "Units", "Revenue"],
          ["January", 120, 2400.5],
          ["February", 90, 1810],
          ["Total", "=SUM(B2:B3)", "=SUM(C2:C3)"],
        ],
      },
    ],
  });
});

test("docx makes a document with lists, a table and a picture, which opens and reads back", async () => {
  await writeExample("docx");
  expect(await python("docx/scripts/create_document.py", "spec.json", "report.docx")).toBe("report.docx: 7 blocks\n");
  expect(await partsOf("report.docx")).toEqual(expect.arrayContaining(["word/document.xml", "word/media/image1.png"]));
  const text = await python("docx/scripts/read_document.py", "report.docx");
  for (const line of [
    "# Quarterly report",
    "## Summary",
    "Revenue rose by 12 %",
    "- Two new customers",
    "1. Hire",
    "| January | 2,400 |",
  ]) {
    expect(text).toContain(line);
  }
});

test("pptx makes slides with bullets, a table, a picture and notes, which open and read back", async () => {
  await writeExample("pptx");
  expect(await python("pptx/scripts/create_presentation.py", "spec.json", "deck.pptx")).toBe("deck.pptx: 4 slides\n");
  expect(await partsOf("deck.pptx")).toEqual(expect.arrayContaining(["ppt/slides/slide4.xml", "ppt/media/image1.png"]));
  const text = await python("pptx/scripts/read_presentation.py", "deck.pptx");
  for (const line of [
    "Plan for the year",
    "mostly in the south",
    "Notes: Say why.",
    "| January | 2,400 |",
    "## Slide 4\nThe trend",
  ]) {
    expect(text).toContain(line);
  }
});

test("pdf makes pages that open, and merges, splits and rotates them", async () => {
  await writeExample("pdf");
  expect(await python("pdf/scripts/create_pdf.py", "spec.json", "report.pdf")).toMatch(/^report\.pdf: \d pages\n$/);
  // By another library than the one that wrote it.
  const { text, totalPages } = await extractText(
    await getDocumentProxy(new Uint8Array(await readFile(join(folder, "report.pdf")))),
  );
  expect(text.join("\n")).toContain("Revenue rose by 12 % against the quarter before.");
  await python("pdf/scripts/pdf_tools.py", "merge", "all.pdf", "report.pdf", "report.pdf");
  expect(await python("pdf/scripts/pdf_tools.py", "text", "all.pdf")).toContain(`## Page ${totalPages * 2}\n`);
  expect(await python("pdf/scripts/pdf_tools.py", "pages", "part.pdf", "all.pdf", "1")).toBe("part.pdf: 1 pages\n");
  expect(await python("pdf/scripts/pdf_tools.py", "rotate", "turned.pdf", "part.pdf", "90")).toBe("turned.pdf: 1 pages\n");
  await expect(python("pdf/scripts/pdf_tools.py", "pages", "none.pdf", "part.pdf", "2")).rejects.toThrow(
    "there is no page 2: the file has 1",
  );
});
