"""Writes a PowerPoint presentation from a JSON description: see SKILL.md."""

import json
import sys

from pptx import Presentation
from pptx.util import Emu, Inches, Pt

# Layouts of the library's own template.
TITLE, TITLE_AND_CONTENT, TITLE_ONLY = 0, 1, 5
MARGIN, TOP = Inches(0.6), Inches(1.6)


def add_bullets(slide, bullets):
    frame = slide.placeholders[1].text_frame
    for number, bullet in enumerate(bullets):
        paragraph = frame.paragraphs[0] if number == 0 else frame.add_paragraph()
        paragraph.text = bullet["text"] if isinstance(bullet, dict) else bullet
        paragraph.level = min(4, bullet.get("level", 0)) if isinstance(bullet, dict) else 0


def add_table(presentation, slide, spec):
    header, rows = spec.get("header", []), spec.get("rows", [])
    lines = ([header] if header else []) + rows
    columns = max(len(line) for line in lines)
    width = Emu(presentation.slide_width - 2 * MARGIN)
    table = slide.shapes.add_table(len(lines), columns, MARGIN, TOP, width, Inches(0.4) * len(lines)).table
    table.first_row = bool(header)
    for row, line in enumerate(lines):
        for column, value in enumerate(line):
            cell = table.cell(row, column)
            cell.text = str(value)
            cell.text_frame.paragraphs[0].font.size = Pt(16)


def add_picture(presentation, slide, path):
    picture = slide.shapes.add_picture(path, MARGIN, TOP)
    room_width = presentation.slide_width - 2 * MARGIN
    room_height = presentation.slide_height - TOP - Inches(0.4)
    scale = min(room_width / picture.width, room_height / picture.height, 1)
    picture.width, picture.height = Emu(int(picture.width * scale)), Emu(int(picture.height * scale))
    picture.left = Emu(int((presentation.slide_width - picture.width) / 2))


def add_slide(presentation, spec):
    layout = TITLE_AND_CONTENT if spec.get("bullets") else TITLE_ONLY
    slide = presentation.slides.add_slide(presentation.slide_layouts[layout])
    slide.shapes.title.text = spec.get("title", "")
    if spec.get("bullets"):
        add_bullets(slide, spec["bullets"])
    if "table" in spec:
        add_table(presentation, slide, spec["table"])
    if "image" in spec:
        add_picture(presentation, slide, spec["image"])
    if spec.get("notes"):
        slide.notes_slide.notes_text_frame.text = spec["notes"]


def main(spec_path, output_path):
    with open(spec_path, encoding="utf-8") as file:
        spec = json.load(file)
    presentation = Presentation()
    if spec.get("title"):
        slide = presentation.slides.add_slide(presentation.slide_layouts[TITLE])
        slide.shapes.title.text = spec["title"]
        slide.placeholders[1].text = spec.get("subtitle", "")
    for each in spec["slides"]:
        add_slide(presentation, each)
    presentation.save(output_path)
    print(f"{output_path}: {len(presentation.slides)} slides")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: create_presentation.py SPEC.json OUTPUT.pptx")
    main(sys.argv[1], sys.argv[2])
