"""A figure's table in words, and as CSV: what the browser does in static/study/table_text.js."""

import csv
import io

from app.wording.numbers import sig3
from protocol.amounts import MINUS, exact
from protocol.vocabulary import COUNTED_UNITS, UNITS
from protocol.worker.study_frames import Cell, Column, Figure

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def head_of(column: Column) -> str:
    """ "refused (share)"; a plain count or a word has no unit, and what is named after its unit says it once."""
    if not column.unit or column.name.endswith(column.unit):
        return column.name
    unit = next((term.name for unit, term in UNITS.items() if unit == column.unit), column.unit)
    return f"{column.name} ({unit})"


def cell_text(cell: Cell, unit: str = "") -> str:
    """Three significant digits; an empty cell is a dash."""
    if cell is None or cell == "":
        return "–"
    if isinstance(cell, str):
        return cell
    if float(cell).is_integer() and unit in COUNTED_UNITS:
        return exact(cell).replace("-", MINUS)
    return "1.00" if cell == 1 and unit == "share" else sig3(cell)


def is_numeric(figure: Figure, column: int) -> bool:
    """Whether it holds numbers, and so reads from the right."""
    cells = [row[column] for row in figure.rows if column < len(row)]
    found = [cell for cell in cells if cell is not None]
    return bool(found) and not any(isinstance(cell, str) for cell in found)


def csv_of(figure: Figure) -> str:
    """RFC 4180, numbers as they were measured. A text that a spreadsheet would take for a formula begins with '.
    Begins with a byte order mark: without one, some take it for another encoding."""
    out = io.StringIO("\ufeff")
    out.seek(0, io.SEEK_END)
    table = csv.writer(out)
    table.writerow([_safe(head_of(column)) for column in figure.columns])
    for row in figure.rows:
        table.writerow([_written(cell) for cell in row])
    return out.getvalue()


def _written(cell: Cell) -> str:
    if cell is None:
        return ""
    return _safe(cell) if isinstance(cell, str) else exact(cell)


def _safe(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text
