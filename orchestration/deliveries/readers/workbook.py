"""Excel workbooks: ``.xlsx``. Formulas are text here; nothing in a delivery is ever computed."""

from __future__ import annotations

import datetime as dt
import io
import lzma
import struct
import warnings
import zipfile
import zlib
from collections import Counter
from collections.abc import Collection
from pathlib import Path
from typing import Any

from orchestration.deliveries.codebook import Codebook, codebook_from_rows, read_codebook_file
from orchestration.deliveries.file_faults import check_header, foreign, read_bytes, truncated, unreadable
from orchestration.deliveries.problems import raise_when_any
from orchestration.deliveries.readers.workbook_text import shared_texts
from orchestration.deliveries.readers.worksheet_rows import CellError, Formula, sheet_rows
from orchestration.deliveries.source_table import NUMERIC, STRING, SourceTable, canonical_code
from orchestration.deliveries.texts import VARIABLE_LABEL, Texts, WholeText, added

DAMAGE = (
    ArithmeticError,
    AttributeError,
    EOFError,
    LookupError,
    OSError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
    lzma.LZMAError,
    struct.error,
    zipfile.BadZipFile,
    zlib.error,
)
"""What openpyxl, and the archive and XML readers below it, raise on damage: they check little beforehand, and
XML that does not parse is a SyntaxError."""


def read_xlsx(
    path: Path,
    sheet: str | None = None,
    codebook: Path | None = None,
    codebook_sheet: str | None = None,
    encoding: str | None = None,
    declared: Collection[str] = (),
) -> SourceTable:
    """Read one sheet of a workbook; its first row holds the names.

    A column is numeric when each of its filled cells is a number; otherwise it is text: numbers in their
    canonical form, dates as ISO text, formulas as they are written. Raises ``DeliveryProblems`` when the
    workbook cannot be opened, the sheet is not there, or its first row holds none of the ``declared``
    variables. ``encoding`` is only for a CSV codebook.
    """
    rows, described = _both_sheets(path, sheet, codebook_sheet)
    if not rows:
        raise truncated(path, "has no rows in this sheet")
    header = ["" if cell is None else _text(cell).strip() for cell in rows[0]]
    while header and not header[-1]:
        header.pop()
    raise_when_any(check_header(path, header, declared))
    meaning = Codebook.empty()
    if codebook is not None:
        meaning = read_codebook_file(codebook, encoding=encoding)
    elif codebook_sheet:
        meaning = codebook_from_rows(
            f"{path.name}[{codebook_sheet}]",
            [["" if cell is None else _text(cell) for cell in row] for row in described],
        )
    return _table(path, header, rows[1:], meaning)


def _both_sheets(
    path: Path, sheet: str | None, codebook_sheet: str | None
) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]:
    """Rows of the sheet with the answers and of the one with the codebook."""
    data = _archive(path)
    try:
        with warnings.catch_warnings():
            # openpyxl warns about styles and validations that it drops; only cells are of interest.
            warnings.simplefilter("ignore")
            sheets = _worksheets(data)
            rows = sheet_rows(path, sheets[_sheet_name(path, list(sheets), sheet, codebook_sheet)])
            described = (
                sheet_rows(path, sheets[_named(path, list(sheets), codebook_sheet)]) if codebook_sheet else []
            )
    except DAMAGE as error:
        raise _damaged(path, error) from None
    return rows, described


def _table(path: Path, header: list[str], rows: list[tuple[Any, ...]], meaning: Codebook) -> SourceTable:
    import pandas as pd

    width = len(header)
    stray = [
        number for number, row in enumerate(rows, start=2) if any(cell is not None for cell in row[width:])
    ]
    if stray:
        raise unreadable(
            path,
            "row_length",
            f"row {stray[0]} has a cell beyond the last named column",
            "name the column, or empty the cell",
        )
    texts = Texts(WholeText())
    columns: dict[str, pd.Series] = {}
    types: dict[str, str] = {}
    kinds: dict[str, Counter[str]] = {}
    for index, name in enumerate(texts.one(name, VARIABLE_LABEL) for name in header):
        cells = [_filled(row[index]) if index < len(row) else None for row in rows]
        found = Counter(_kind(cell) for cell in cells if cell is not None)
        is_numeric = not found.keys() - {"number"} and bool(found or not meaning.says_text(name))
        types[name] = NUMERIC if is_numeric else STRING
        if not is_numeric:
            kinds[name] = found
        columns[name] = (
            pd.Series(cells, dtype="float64")
            if is_numeric
            else texts.column([None if cell is None else _text(cell) for cell in cells], name)
        )
    frame = pd.DataFrame(columns, copy=False)
    raise_when_any(meaning.problems_with(path.name, frame, types))
    variables, values = meaning.describe(frame, types)
    return SourceTable(
        frame,
        variables,
        values,
        "",
        "utf-8",
        kinds,
        response_sets=meaning.response_sets(variables),
        text_counts=added(texts.counts, meaning.text_counts),
        original_texts=(*texts.originals, *meaning.original_texts),
    )


def _archive(path: Path) -> bytes:
    data = read_bytes(path)
    if not data:
        raise truncated(path, "is empty")
    if data.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        raise unreadable(
            path,
            "encrypted_file",
            "is an encrypted workbook, or one of the old .xls kind",
            "ask the supplier for an .xlsx without a password",
        )
    if not data.startswith(b"PK"):
        raise foreign(path, "not_xlsx", "an .xlsx workbook", data)
    return data


def _worksheets(data: bytes) -> dict[str, Any]:
    """Sheets with cells, by name: a sheet that is one chart holds none."""
    from openpyxl.chartsheet import Chartsheet
    from openpyxl.reader.excel import ExcelReader
    from openpyxl.xml.constants import SHARED_STRINGS

    class WithoutCharts(ExcelReader):
        def read_chartsheet(self, sheet: Any, rel: Any) -> None:
            """Keeps its place among the sheets; openpyxl stumbles over one without a drawing."""
            self.wb._add_sheet(Chartsheet(parent=self.wb, title=sheet.name))

        def read_strings(self) -> None:
            """As they are written; the rows of a sheet undo the escapes."""
            if (part := self.package.find(SHARED_STRINGS)) is not None:
                with self.archive.open(part.PartName[1:]) as source:
                    self.shared_strings = shared_texts(source)

    reader = WithoutCharts(io.BytesIO(data), read_only=True, keep_links=False)
    reader.read()
    return {sheet.title: sheet for sheet in reader.wb.worksheets}


def _damaged(path: Path, error: BaseException) -> Exception:
    if isinstance(error, zipfile.BadZipFile | EOFError):
        return truncated(path, "is cut off or damaged: its archive cannot be read to the end")
    kind = f"{type(error).__module__}.{type(error).__name__}".removeprefix("builtins.")
    return unreadable(path, "damaged_file", f"is damaged ({kind})", "ask the supplier for the file again")


def _sheet_name(path: Path, names: list[str], wanted: str | None, codebook_sheet: str | None) -> str:
    if wanted is not None:
        return _named(path, names, wanted)
    candidates = [name for name in names if name != codebook_sheet]
    if not candidates:
        raise unreadable(
            path, "which_sheet", "has no sheet with answers", "ask the supplier for the whole workbook"
        )
    if len(candidates) > 1:
        raise unreadable(
            path,
            "which_sheet",
            f"has {len(candidates)} sheets that may hold the answers: {', '.join(candidates)}",
            "name one in delivery.yml (`sheet: …`)",
        )
    return candidates[0]


def _named(path: Path, names: list[str], wanted: str) -> str:
    if wanted not in names:
        raise unreadable(
            path,
            "missing_sheet",
            f"has no sheet with cells called '{wanted}'; it has {', '.join(names) or 'none'}",
            "correct the name of the sheet in delivery.yml",
        )
    return wanted


def _filled(cell: Any) -> Any:
    """A cell with nothing but blanks is empty."""
    return None if isinstance(cell, str) and not cell.strip() else cell


def _kind(cell: Any) -> str:
    if isinstance(cell, Formula):
        return "formula"
    if isinstance(cell, CellError):
        return "error"
    if isinstance(cell, bool):
        return "truth value"
    if isinstance(cell, int | float):
        return "number"
    if isinstance(cell, dt.datetime | dt.date | dt.time | dt.timedelta):
        return "date"
    return "text"


def _text(cell: Any) -> str:
    if isinstance(cell, Formula | CellError):
        return cell.text
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, int | float):
        return canonical_code(cell)
    if isinstance(cell, dt.datetime | dt.date | dt.time):
        return cell.isoformat()
    if isinstance(cell, dt.timedelta):
        minutes, seconds = divmod(abs(cell).total_seconds(), 60)
        sign = "-" if cell < dt.timedelta() else ""
        return f"{sign}{int(minutes // 60):02}:{int(minutes % 60):02}:{seconds:09.6f}".removesuffix(".000000")
    return str(cell)
