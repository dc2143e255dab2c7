"""Reads, merges, splits and rotates PDF files: see SKILL.md."""

import sys

from pypdf import PdfReader, PdfWriter

USAGE = """usage: pdf_tools.py text INPUT.pdf
       pdf_tools.py merge OUTPUT.pdf INPUT.pdf...
       pdf_tools.py pages OUTPUT.pdf INPUT.pdf 1-3,5
       pdf_tools.py rotate OUTPUT.pdf INPUT.pdf 90"""


def parse_pages(text, count):
    for part in text.split(","):
        first, _, last = part.partition("-")
        for number in range(int(first), int(last or first) + 1):
            if not 1 <= number <= count:
                sys.exit(f"there is no page {number}: the file has {count}")
            yield number - 1


def save(writer, path):
    writer.write(path)
    print(f"{path}: {len(writer.pages)} pages")


def show_text(path):
    for number, page in enumerate(PdfReader(path).pages, start=1):
        print(f"## Page {number}\n{page.extract_text()}\n")


def main(command, *arguments):
    writer = PdfWriter()
    if command == "text" and len(arguments) == 1:
        show_text(arguments[0])
    elif command == "merge" and len(arguments) >= 2:
        for path in arguments[1:]:
            writer.append(path)
        save(writer, arguments[0])
    elif command == "pages" and len(arguments) == 3:
        reader = PdfReader(arguments[1])
        for index in parse_pages(arguments[2], len(reader.pages)):
            writer.add_page(reader.pages[index])
        save(writer, arguments[0])
    elif command == "rotate" and len(arguments) == 3:
        for page in PdfReader(arguments[1]).pages:
            writer.add_page(page).rotate(int(arguments[2]))
        save(writer, arguments[0])
    else:
        sys.exit(USAGE)


if __name__ == "__main__":
    main(*(sys.argv[1:] or [""]))
