"""Prints a Word document as Markdown: see SKILL.md."""

import sys

from docx import Document
from docx.table import Table


def to_markdown(item):
    if isinstance(item, Table):
        rows = [" | ".join(cell.text.replace("\n", " ") for cell in row.cells) for row in item.rows]
        return "\n".join(f"| {row} |" for row in rows)
    style = item.style.name if item.style is not None else ""
    if style == "Title":
        return f"# {item.text}"
    if style.startswith("Heading "):
        return f"{'#' * (int(style.split()[-1]) + 1)} {item.text}"
    if style.startswith("List Bullet"):
        return f"- {item.text}"
    if style.startswith("List Number"):
        return f"1. {item.text}"
    return item.text


def main(path):
    parts = [to_markdown(item) for item in Document(path).iter_inner_content()]
    print("\n\n".join(part for part in parts if part.strip()))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: read_document.py INPUT.docx")
    main(sys.argv[1])
