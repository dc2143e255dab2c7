"""Writes an Excel workbook from a JSON description: see SKILL.md."""

import json
import sys

from openpyxl import Workbook
from openpyxl.chart import BarChart, LineChart, PieChart, Reference
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.utils.cell import range_boundaries

CHARTS = {"bar": BarChart, "line": LineChart, "pie": PieChart}
# Excel's own limit for a sheet's name.
NAME_MAX_CHARACTERS = 31


def add_sheet(workbook, spec):
    sheet = workbook.create_sheet(spec["name"][:NAME_MAX_CHARACTERS])
    header = spec.get("header", [])
    rows = ([header] if header else []) + spec.get("rows", [])
    for row in rows:
        sheet.append(row)
    if header:
        for cell in sheet[1]:
            cell.font = Font(bold=True)
            cell.fill = PatternFill("solid", fgColor="DDE6F0")
            cell.alignment = Alignment(vertical="center")
        sheet.freeze_panes = "A2"
    for column, number_format in spec.get("formats", {}).items():
        for cell in sheet[column][1 if header else 0 :]:
            cell.number_format = number_format
    for index in range(1, sheet.max_column + 1):
        lengths = [len(str(row[index - 1])) for row in rows if len(row) >= index and row[index - 1] is not None]
        sheet.column_dimensions[get_column_letter(index)].width = min(60, max(lengths, default=8) + 2)
    if "chart" in spec:
        add_chart(sheet, spec["chart"])


def reference(sheet, cells):
    left, top, right, bottom = range_boundaries(cells)
    return Reference(sheet, min_col=left, min_row=top, max_col=right, max_row=bottom)


def add_chart(sheet, spec):
    chart = CHARTS[spec.get("type", "bar")]()
    chart.title = spec.get("title")
    chart.add_data(reference(sheet, spec["values"]), titles_from_data=True)
    if "labels" in spec:
        chart.set_categories(reference(sheet, spec["labels"]))
    sheet.add_chart(chart, spec.get("at", "H2"))


def main(spec_path, output_path):
    with open(spec_path, encoding="utf-8") as file:
        spec = json.load(file)
    workbook = Workbook()
    workbook.remove(workbook.active)
    for sheet in spec["sheets"]:
        add_sheet(workbook, sheet)
    workbook.save(output_path)
    print(f"{output_path}: {len(workbook.sheetnames)} sheets")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: create_workbook.py SPEC.json OUTPUT.xlsx")
    main(sys.argv[1], sys.argv[2])
