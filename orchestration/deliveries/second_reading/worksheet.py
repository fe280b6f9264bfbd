"""The second reading of an XLSX delivery: calamine instead of openpyxl."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

from orchestration.deliveries.second_reading.delimited import codebook_rows, described
from orchestration.deliveries.second_reading.second_table import (
    BLOCK_ROWS,
    CannotReadAgain,
    Cells,
    SecondColumn,
    SecondTable,
)
from orchestration.deliveries.second_reading.worksheet_bombs import refuse_bombs
from orchestration.deliveries.source_table import canonical_code

READER = "calamine"


@contextmanager
def opened_workbook(path: Path) -> Iterator[Any]:
    """The workbook as calamine has it. Raises ``CannotReadAgain``, also for what its use within the block raises."""
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        data = path.read_bytes()
        refuse_bombs(data)
        yield CalamineWorkbook.from_filelike(io.BytesIO(data))
    except (CalamineError, OSError, ValueError) as error:
        raise CannotReadAgain(f"it is no workbook that can be read ({type(error).__name__})") from None
    except BaseException as error:
        # A fault in calamine itself comes as a panic, which is no Exception.
        if type(error).__name__ == "PanicException":
            raise CannotReadAgain("calamine crashes on it") from None
        raise


def read_worksheet_again(
    path: Path,
    sheet: str | None,
    codebook: Path | None = None,
    codebook_sheet: str | None = None,
    encoding: str | None = None,
) -> SecondTable:
    """The cells of one sheet, typed as the workbook types them, and its codebook. Raises ``CannotReadAgain``.

    Without ``sheet``, the only one that is not the codebook. A formula shows as its last result.
    """
    with opened_workbook(path) as workbook:
        wanted = sheet or _only_sheet(workbook.sheet_names, codebook_sheet)
        rows = _Rows(workbook.get_sheet_by_name(wanted))
        names = rows.header()
        columns = [SecondColumn(name) for name in names]
        if codebook is not None:
            columns = described(columns, codebook_rows(codebook, encoding), ".")
        elif codebook_sheet:
            pages = _Rows(workbook.get_sheet_by_name(codebook_sheet))
            columns = described(columns, [[_text(cell) for cell in row] for row in pages.all()], ".")
    return SecondTable(READER, columns, lambda: rows.blocks(len(names)))


class _Rows:
    """The rows of a sheet from its first row and column on, without the empty ones at the end."""

    def __init__(self, sheet: Any) -> None:
        self.sheet = sheet

    def all(self) -> Iterator[list[Any]]:
        """The range of a sheet begins at its first filled column; the columns before it count."""
        before = [""] * (self.sheet.start[1] if self.sheet.start else 0)
        waiting: list[list[Any]] = []
        for row in self.sheet.iter_rows():
            cells = [*before, *row]
            waiting.append(cells)
            if any(cell != "" for cell in cells):
                yield from waiting
                waiting = []

    def header(self) -> list[str]:
        first = next(self.all(), [])
        names = [_text(cell).strip() for cell in first]
        while names and not names[-1]:
            names.pop()
        if not names:
            raise CannotReadAgain("its sheet holds no names in the first row")
        return names

    def blocks(self, width: int) -> Iterator[list[Cells]]:
        rows = islice(self.all(), 1, None)
        is_first = True
        while block := list(islice(rows, BLOCK_ROWS)):
            yield [Cells.of([_content(row[place]) for row in block]) for place in range(width)]
            is_first = False
        if is_first:
            yield [Cells.of([]) for _ in range(width)]


def _only_sheet(names: list[str], codebook_sheet: str | None) -> str:
    candidates = [name for name in names if name != codebook_sheet]
    if len(candidates) != 1:
        raise CannotReadAgain(f"it has {len(candidates)} sheets that may hold the answers")
    return candidates[0]


def _content(cell: Any) -> Any:
    return None if cell == "" else cell


def _text(cell: Any) -> str:
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        return canonical_code(cell)
    return str(cell)
