"""What the answers themselves say of a column, in numbers that name nobody."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from orchestration.deliveries.privacy import EMAIL
from orchestration.deliveries.source_table import STRING, SourceTable, canonical_code


@dataclass(frozen=True)
class Column:
    """Counts of one delivered variable. ``codes``: number of answers by code, of a column with few of them."""

    is_text: bool
    rows: int
    filled: int
    distinct: int
    total: float
    smallest: float
    is_whole: bool
    emails: int
    codes: dict[str, int]

    @property
    def is_key(self) -> bool:
        """Filled in, and different, in every row."""
        return self.rows > 0 and self.filled == self.rows == self.distinct


MOST_CODES = 200
"""Of a column with more distinct values the counts are not kept: no code list is that long."""


def columns_of(table: SourceTable) -> dict[str, Column]:
    """The counts of every variable of a file."""
    return {
        variable.variable_name: _column(table.frame[variable.variable_name], variable.storage_type == STRING)
        for variable in table.variables
    }


def _column(values: Any, is_text: bool) -> Column:
    filled = values.dropna()
    counts = filled.value_counts()
    codes = {canonical_code(v): int(n) for v, n in counts.items()} if len(counts) <= MOST_CODES else {}
    if is_text:
        emails = sum(1 for value in counts.index if "@" in value and EMAIL.search(value))
        return Column(True, len(values), len(filled), len(counts), 0.0, 0.0, False, emails, codes)
    whole = bool((filled == filled.round()).all())
    smallest = float(filled.min()) if len(filled) else 0.0
    return Column(
        False, len(values), len(filled), len(counts), float(filled.sum()), smallest, whole, 0, codes
    )
