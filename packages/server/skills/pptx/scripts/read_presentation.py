"""Prints what is on the slides of a PowerPoint presentation: see SKILL.md."""

import sys

from pptx import Presentation


def main(path):
    for number, slide in enumerate(Presentation(path).slides, start=1):
        print(f"## Slide {number}")
        for shape in slide.shapes:
            if shape.has_text_frame and shape.text_frame.text.strip():
                print(shape.text_frame.text)
            if shape.has_table:
                for row in shape.table.rows:
                    print("| " + " | ".join(cell.text for cell in row.cells) + " |")
        if slide.has_notes_slide:
            print(f"Notes: {slide.notes_slide.notes_text_frame.text}")
        print()


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: read_presentation.py INPUT.pptx")
    main(sys.argv[1])
