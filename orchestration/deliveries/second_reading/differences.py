"""What two readings of a file do not agree on: by variable, with counts and places, never with an answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

ASPECTS = (
    "rows",
    "row order",
    "columns",
    "column order",
    "name",
    "type",
    "cells",
    "rounded",
    "value labels",
    "variable label",
    "missing declaration",
)
ROWS_SHOWN = 3
CODES_SHOWN = 5


@dataclass(frozen=True)
class Difference:
    """One thing about one variable (``''``: about the file) on which the readings differ.

    ``count`` cells, rows, labels or declarations; ``rows`` are the first places, counted from 1 without a
    header; ``codes`` are codes of a codebook; ``detail`` is said in fixed words.
    """

    aspect: str
    variable: str = ""
    count: int = 1
    rows: tuple[int, ...] = ()
    codes: tuple[str, ...] = ()
    detail: str = ""

    def __post_init__(self) -> None:
        if self.aspect not in ASPECTS:
            raise ValueError(f"no aspect of a comparison: {self.aspect}")

    def __str__(self) -> str:
        places = f"row {', '.join(map(str, self.rows[:ROWS_SHOWN]))}" if self.rows else ""
        codes = f"code {', '.join(self.codes[:CODES_SHOWN])}" if self.codes else ""
        more = ", …" if self.count > max(len(self.rows[:ROWS_SHOWN]), len(self.codes[:CODES_SHOWN])) else ""
        where = "; ".join(filter(None, [self.detail, (places or codes) + more if places or codes else ""]))
        return f"{self.aspect}: {self.count:,}" + (f" ({where})" if where else "")


@dataclass
class Comparison:
    """How a file and another reading of it compare."""

    reader: str
    rows: int
    columns: int
    cells: int = 0
    repaired: int = 0
    """Texts that our reader repaired and the other shows unrepaired; no differences."""
    blanked: int = 0
    """User-missing codes that a twin leaves blank; no differences."""
    last_bits: int = 0
    """Numbers that are the same but for the rounding that the other reader is known for; no differences."""
    differences: list[Difference] = field(default_factory=list)

    @property
    def count(self) -> int:
        return sum(difference.count for difference in self.differences)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, told: dict[str, Any]) -> Comparison:
        """Raises ``TypeError``, ``ValueError`` or ``KeyError`` for anything that is none."""
        differences = [
            Difference(**{**one, "rows": tuple(one["rows"]), "codes": tuple(one["codes"])})
            for one in told["differences"]
        ]
        return cls(**{**told, "differences": differences})


@dataclass
class Tally:
    """Cells of one variable that differ, while blocks come in."""

    count: int = 0
    rows: list[int] = field(default_factory=list)

    def add(self, rows: Sequence[int]) -> None:
        self.count += len(rows)
        self.rows += list(rows[: ROWS_SHOWN - len(self.rows)])
