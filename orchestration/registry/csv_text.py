"""Text of registry files in the one form that is accepted: LF, commas, quotes only where needed."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable


def canonical_csv(header: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """The text of a whole file."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return buffer.getvalue()


def csv_line(cells: Iterable[str]) -> str:
    """Cells as a line of a file, without its end; a line break within a cell is quoted as the file quotes it."""
    return canonical_csv(cells, []).removesuffix("\n")
