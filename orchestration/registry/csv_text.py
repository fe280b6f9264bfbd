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


def total_text(total: float) -> str:
    """A sum of weights as ``weight_totals`` holds it: whole, but where that would be another sum (of few rows)."""
    whole = round(total)
    return str(whole) if abs(total - whole) <= abs(total) / 1000 else f"{total:.6g}"


def csv_line(cells: Iterable[str]) -> str:
    """Cells as a line of a file, without its end; a line break within a cell is quoted as the file quotes it."""
    return canonical_csv(cells, []).removesuffix("\n")
