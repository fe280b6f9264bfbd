"""The cells of one sheet of a workbook, row by row, as strictly as the format asks."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orchestration.deliveries.file_faults import unreadable
from orchestration.deliveries.number_text import EXACT_INTEGER
from orchestration.deliveries.readers.workbook_text import unescaped

CELL_TYPES = frozenset({"n", "s", "str", "inlineStr", "b", "e", "d", "f"})
"""Of the format; openpyxl takes a cell of any other for empty."""
MOST_ROWS, MOST_COLUMNS = 1_048_576, 16_384
"""Of a sheet in Excel; a place beyond is damage, and all places before it would be made up."""


@dataclass(frozen=True)
class Formula:
    """A cell that holds a formula, as it is written."""

    text: str


@dataclass(frozen=True)
class CellError:
    """A cell that holds the error of a formula, such as ``#DIV/0!``."""

    text: str


def sheet_rows(path: Path, sheet: Any) -> list[tuple[Any, ...]]:
    """Cells row by row, without the empty rows at the end; ``None`` where nothing stands.

    The sheet's own parser is asked: openpyxl's rows leave out what stands at a place that it has passed already,
    without a word. Raises ``DeliveryProblems`` on merged cells, and an error of Python on damage.
    """
    from openpyxl.worksheet._reader import CELL_TAG, ROW_TAG, VALUE_TAG, WorkSheetParser

    class StrictParser(WorkSheetParser):
        def parse_row(self, row: Any) -> Any:
            """Refuses text between cells, which Excel never writes and openpyxl passes over: it is a cell's, lost."""
            for element in row.iter():
                if (element is not row and element.tail and not element.tail.isspace()) or (
                    element.tag in (ROW_TAG, CELL_TAG) and element.text and not element.text.isspace()
                ):
                    raise ValueError("text that stands in no cell")
            return super().parse_row(row)

        def parse_cell(self, element: Any) -> Any:
            """A number that is shown as a date and is beyond all dates stays a number; openpyxl has an error for it."""
            cell = super().parse_cell(element)
            if cell["data_type"] == "e" and element.get("t", "n") == "n":
                cell.update(data_type="n", value=float(element.findtext(VALUE_TAG)))
            return cell

    rows: list[tuple[Any, ...]] = []
    book = sheet.parent
    with sheet._get_source() as source:
        parser = StrictParser(
            source,
            sheet._shared_strings,
            data_only=book.data_only,
            epoch=book.epoch,
            date_formats=book._date_formats,
            timedelta_formats=book._timedelta_formats,
        )
        for number, cells in parser.parse():
            if not len(rows) < number <= MOST_ROWS:
                raise ValueError("a row that stands twice, or where no row can stand")
            rows += [()] * (number - 1 - len(rows))
            rows.append(_row(number, cells))
    while rows and all(cell is None for cell in rows[-1]):
        rows.pop()
    _refuse_merged(path, sheet.title, parser.merged_cells, len(rows))
    return rows


def _refuse_merged(path: Path, sheet: str, merged: Any, height: int) -> None:
    """Cells that were merged hold one content, and nobody knows whether it is meant for each of them."""
    areas = [area.ref for area in (merged.mergeCell if merged else ()) if _joins_cells(area.ref, height)]
    if areas:
        raise unreadable(
            path,
            "merged_cells",
            f"has merged cells in sheet '{sheet}': {', '.join(areas[:3])}{' …' if len(areas) > 3 else ''}; all but "
            "the first of them are empty",
            "ask the supplier for the sheet without merged cells, each with its own content",
        )


def _joins_cells(area: str, height: int) -> bool:
    from openpyxl.utils.cell import range_boundaries

    left, top, right, bottom = range_boundaries(area)
    return (left, top) != (right, bottom) and top <= height


def _row(number: int, cells: list[dict[str, Any]]) -> tuple[Any, ...]:
    row: list[Any] = []
    for cell in cells:
        if cell["row"] != number:
            raise ValueError("a cell that stands in another row than its own")
        if not len(row) < cell["column"] <= MOST_COLUMNS:
            raise ValueError("a cell that stands twice, or where no cell can stand")
        row += [None] * (cell["column"] - 1 - len(row))
        row.append(_content(cell["data_type"], cell["value"]))
    return tuple(row)


def _content(kind: str, value: Any) -> Any:
    """What a cell holds; text that looks like a formula is text, and a formula is never its result."""
    if kind not in CELL_TYPES:
        raise ValueError("a cell of an unknown type")
    if kind == "f":
        # An array formula is an object of openpyxl; one of a data table has no text at all.
        written = value if isinstance(value, str) else getattr(value, "text", None)
        return Formula(written or "=TABLE()")
    if kind == "e":
        return CellError(str(value))
    if isinstance(value, str):
        return unescaped(value)
    # A whole number that a double cannot hold is a name, and is kept in all of its digits.
    is_name = isinstance(value, int) and not isinstance(value, bool) and abs(value) >= EXACT_INTEGER
    return str(value) if is_name else value
