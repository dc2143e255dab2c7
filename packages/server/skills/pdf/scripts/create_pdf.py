"""Writes a PDF from a JSON description: see SKILL.md."""

import json
import sys

from reportlab.lib import colors, pagesizes
from reportlab.lib.styles import getSampleStyleSheet
from reportlab.lib.units import cm
from reportlab.lib.utils import ImageReader
from reportlab.platypus import Image, ListFlowable, PageBreak, Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

STYLES = getSampleStyleSheet()
PAGE_SIZES = {"A4": pagesizes.A4, "LETTER": pagesizes.LETTER}


def to_table(spec):
    header, rows = spec.get("header", []), spec.get("rows", [])
    lines = ([header] if header else []) + rows
    cells = [[Paragraph(str(value), STYLES["BodyText"]) for value in line] for line in lines]
    table = Table(cells, hAlign="LEFT", repeatRows=1 if header else 0)
    style = [("GRID", (0, 0), (-1, -1), 0.5, colors.grey), ("VALIGN", (0, 0), (-1, -1), "TOP")]
    if header:
        style.append(("BACKGROUND", (0, 0), (-1, 0), colors.HexColor("#DDE6F0")))
    table.setStyle(TableStyle(style))
    return table


def to_image(path, width_cm):
    width, height = ImageReader(path).getSize()
    return Image(path, width=width_cm * cm, height=width_cm * cm * height / width)


def to_flowables(block):
    if "heading" in block:
        return [Paragraph(block["heading"], STYLES[f"Heading{min(4, max(1, block.get('level', 1)))}"])]
    if "paragraph" in block:
        return [Paragraph(block["paragraph"], STYLES["BodyText"])]
    if "bullets" in block:
        return [ListFlowable([Paragraph(item, STYLES["BodyText"]) for item in block["bullets"]], bulletType="bullet")]
    if "numbered" in block:
        return [ListFlowable([Paragraph(item, STYLES["BodyText"]) for item in block["numbered"]], bulletType="1")]
    if "table" in block:
        return [to_table(block["table"]), Spacer(1, 0.4 * cm)]
    if "image" in block:
        return [to_image(block["image"], block.get("width_cm", 15))]
    if block.get("page_break"):
        return [PageBreak()]
    sys.exit(f"a block of no known kind: {json.dumps(block)[:200]}")


def number_page(canvas, document):
    canvas.saveState()
    canvas.setFont("Helvetica", 9)
    canvas.drawRightString(document.pagesize[0] - 2 * cm, 1.2 * cm, str(canvas.getPageNumber()))
    canvas.restoreState()


def main(spec_path, output_path):
    with open(spec_path, encoding="utf-8") as file:
        spec = json.load(file)
    story = [Paragraph(spec["title"], STYLES["Title"])] if spec.get("title") else []
    for block in spec["blocks"]:
        story.extend(to_flowables(block))
    document = SimpleDocTemplate(
        output_path, pagesize=PAGE_SIZES[spec.get("page_size", "A4")], title=spec.get("title", "")
    )
    document.build(story, onFirstPage=number_page, onLaterPages=number_page)
    print(f"{output_path}: {document.page} pages")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: create_pdf.py SPEC.json OUTPUT.pdf")
    main(sys.argv[1], sys.argv[2])
