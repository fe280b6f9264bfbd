"""Excel workbooks: ``.xlsx``. Formulas are text here; nothing in a delivery is ever computed."""

from __future__ import annotations

import datetime as dt
import warnings
import zipfile
from pathlib import Path
from typing import Any

from orchestration.deliveries.codebook import Codebook, codebook_from_rows, read_codebook_file
from orchestration.deliveries.file_faults import check_header, read_bytes, truncated, unreadable
from orchestration.deliveries.problems import raise_when_any
from orchestration.deliveries.readers.dictionary import text_column
from orchestration.deliveries.source_table import NUMERIC, STRING, SourceTable, canonical_code


def read_xlsx(
    path: Path,
    sheet: str | None = None,
    codebook: Path | None = None,
    codebook_sheet: str | None = None,
    encoding: str | None = None,
) -> SourceTable:
    """Read one sheet of a workbook; its first row holds the names.

    A column is numeric when each of its filled cells is a number; otherwise it is text: numbers in their
    canonical form, dates as ISO text, formulas as they are written. Raises ``DeliveryProblems`` when the
    workbook cannot be opened or the sheet is not there. ``encoding`` is only for a CSV codebook.
    """
    book = _open(path)
    try:
        rows = _rows(book[_sheet_name(path, book.sheetnames, sheet, codebook_sheet)])
        described = _rows(book[_named(path, book.sheetnames, codebook_sheet)]) if codebook_sheet else []
    except (KeyError, ValueError, TypeError, zipfile.BadZipFile, EOFError, OSError) as error:
        raise _damaged(path, error) from None
    finally:
        book.close()
    if not rows:
        raise truncated(path, "has no rows in this sheet")
    header = ["" if cell is None else _text(cell).strip() for cell in rows[0]]
    while header and not header[-1]:
        header.pop()
    raise_when_any(check_header(path, header))
    meaning = Codebook.empty()
    if codebook is not None:
        meaning = read_codebook_file(codebook, encoding=encoding)
    elif codebook_sheet:
        meaning = codebook_from_rows(
            f"{path.name}[{codebook_sheet}]",
            [["" if cell is None else _text(cell) for cell in row] for row in described],
        )
    return _table(path, header, rows[1:], meaning)


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
    columns: dict[str, pd.Series] = {}
    types: dict[str, str] = {}
    for index, name in enumerate(header):
        cells = [row[index] if index < len(row) else None for row in rows]
        is_numeric = all(_is_number(cell) for cell in cells if cell is not None and cell != "")
        types[name] = NUMERIC if is_numeric else STRING
        columns[name] = (
            pd.Series([None if cell in (None, "") else cell for cell in cells], dtype="float64")
            if is_numeric
            else text_column([None if cell is None else _text(cell) for cell in cells])
        )
    raise_when_any(meaning.problems_with(path.name, types))
    frame = pd.DataFrame(columns, copy=False)
    variables, values = meaning.describe(frame, types)
    return SourceTable(frame, variables, values, "", "utf-8")


def _open(path: Path) -> Any:
    import openpyxl
    from openpyxl.utils.exceptions import InvalidFileException

    data = read_bytes(path)
    if data[:8] == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1":
        raise unreadable(
            path,
            "encrypted_file",
            "is an encrypted workbook, or one of the old .xls kind",
            "ask the supplier for an .xlsx without a password",
        )
    if data[:2] != b"PK":
        raise unreadable(
            path,
            "not_xlsx",
            "is not an .xlsx workbook: its first bytes are others",
            "correct the format in delivery.yml, or ask the supplier for an .xlsx",
        )
    try:
        with warnings.catch_warnings():
            # openpyxl warns about styles and validations that it drops; only cells are of interest.
            warnings.simplefilter("ignore")
            return openpyxl.load_workbook(path, read_only=True, data_only=False, keep_links=False)
    except (
        KeyError,
        ValueError,
        TypeError,
        EOFError,
        OSError,
        zipfile.BadZipFile,
        InvalidFileException,
        SyntaxError,
    ) as error:
        raise _damaged(path, error) from None


def _damaged(path: Path, error: BaseException) -> Exception:
    if isinstance(error, zipfile.BadZipFile | EOFError):
        return truncated(path, "is cut off or damaged: its archive cannot be read to the end")
    return unreadable(
        path, "damaged_file", f"is damaged ({type(error).__name__})", "ask the supplier for the file again"
    )


def _sheet_name(path: Path, names: list[str], wanted: str | None, codebook_sheet: str | None) -> str:
    if wanted is not None:
        return _named(path, names, wanted)
    candidates = [name for name in names if name != codebook_sheet]
    if len(candidates) != 1:
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
            f"has no sheet '{wanted}'; it has {', '.join(names)}",
            "correct the name of the sheet in delivery.yml",
        )
    return wanted


def _rows(sheet: Any) -> list[tuple[Any, ...]]:
    # The size that a workbook claims for a sheet is often wrong; the cells themselves are right.
    sheet.reset_dimensions()
    rows = [tuple(row) for row in sheet.iter_rows(values_only=True)]
    while rows and all(cell is None for cell in rows[-1]):
        rows.pop()
    return rows


def _is_number(cell: Any) -> bool:
    return isinstance(cell, int | float) and not isinstance(cell, bool)


def _text(cell: Any) -> str:
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, int | float):
        return canonical_code(cell)
    if isinstance(cell, dt.datetime | dt.date | dt.time):
        return cell.isoformat()
    return str(cell)
