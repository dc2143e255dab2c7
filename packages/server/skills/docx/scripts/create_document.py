"""Writes a Word document from a JSON description: see SKILL.md."""

import json
import re
import sys

from docx import Document
from docx.shared import Cm

MARKS = re.compile(r"(\*\*.+?\*\*|\*.+?\*)")


def add_text(paragraph, text):
    for part in MARKS.split(text):
        if part.startswith("**") and part.endswith("**") and len(part) > 4:
            paragraph.add_run(part[2:-2]).bold = True
        elif part.startswith("*") and part.endswith("*") and len(part) > 2:
            paragraph.add_run(part[1:-1]).italic = True
        elif part:
            paragraph.add_run(part)


def add_table(document, spec):
    header, rows = spec.get("header", []), spec.get("rows", [])
    columns = max([len(header), *(len(row) for row in rows)])
    table = document.add_table(rows=0, cols=columns)
    table.style = "Table Grid"
    for number, row in enumerate(([header] if header else []) + rows):
        cells = table.add_row().cells
        for cell, value in zip(cells, row):
            cell.text = ""
            run = cell.paragraphs[0].add_run(str(value))
            run.bold = bool(header) and number == 0


def add_block(document, block):
    if "heading" in block:
        document.add_heading(block["heading"], level=min(4, max(1, block.get("level", 1))))
    elif "paragraph" in block:
        add_text(document.add_paragraph(), block["paragraph"])
    elif "bullets" in block:
        for item in block["bullets"]:
            add_text(document.add_paragraph(style="List Bullet"), item)
    elif "numbered" in block:
        for item in block["numbered"]:
            add_text(document.add_paragraph(style="List Number"), item)
    elif "table" in block:
        add_table(document, block["table"])
    elif "image" in block:
        document.add_picture(block["image"], width=Cm(block.get("width_cm", 15)))
    elif block.get("page_break"):
        document.add_page_break()
    else:
        sys.exit(f"a block of no known kind: {json.dumps(block)[:200]}")


def main(spec_path, output_path):
    with open(spec_path, encoding="utf-8") as file:
        spec = json.load(file)
    document = Document()
    if spec.get("title"):
        document.add_heading(spec["title"], level=0)
        document.core_properties.title = spec["title"]
    for block in spec["blocks"]:
        add_block(document, block)
    document.save(output_path)
    print(f"{output_path}: {len(spec['blocks'])} blocks")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: create_document.py SPEC.json OUTPUT.docx")
    main(sys.argv[1], sys.argv[2])
