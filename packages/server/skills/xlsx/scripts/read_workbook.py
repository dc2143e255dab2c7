"""Prints an Excel workbook as JSON: see SKILL.md."""

import json
import sys

from openpyxl import load_workbook


def main(path, shows_formulas):
    workbook = load_workbook(path, data_only=not shows_formulas)
    sheets = [
        {"name": sheet.title, "rows": [list(row) for row in sheet.iter_rows(values_only=True)]} for sheet in workbook.worksheets
    ]
    # Dates and times have no form of their own in JSON.
    print(json.dumps({"sheets": sheets}, ensure_ascii=False, default=str, indent=1))


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3) or sys.argv[2:] not in ([], ["--formulas"]):
        sys.exit("usage: read_workbook.py INPUT.xlsx [--formulas]")
    main(sys.argv[1], len(sys.argv) == 3)
