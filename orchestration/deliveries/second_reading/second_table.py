"""What a second reader makes of a file: its dictionary as far as that reader knows one, and its cells in blocks."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

BLOCK_ROWS = 5_000
"""Rows that are held at once: a file of any length is compared in the memory of one block."""


class CannotReadAgain(Exception):
    """The second reader refuses the file; the message says why in words that hold nothing of its content."""


@dataclass(frozen=True)
class SecondColumn:
    """One variable as the second reader sees it.

    ``is_text`` is ``None`` where the source is untyped (CSV, a worksheet). ``missing`` holds the parts of a
    declaration as ``SourceVariable.missing_declaration`` joins them. Labels and declarations are ``None``
    where this reader knows none, and are not compared then.
    """

    name: str
    is_text: bool | None = None
    variable_label: str | None = None
    value_labels: dict[str, str] | None = None
    missing: tuple[str, ...] | None = None
    width: int = 0
    """Characters of a text variable, where the reader says."""


@dataclass(frozen=True)
class Cells:
    """Some rows of one column: the distinct contents, and for each row which of them it holds.

    A content is a ``float``, text, a date or time, a truth value, or ``None`` for blank.
    """

    contents: Sequence[Any]
    index: Any

    def first(self, rows: int) -> Cells:
        """The same cells without those behind the first ``rows``."""
        return self if rows == len(self.index) else Cells(self.contents, self.index[:rows])

    @classmethod
    def of(cls, cells: Sequence[Hashable]) -> Cells:
        import numpy as np

        places: dict[Any, int] = {}
        # 1, 1.0 and True are one key: the type tells them apart.
        index = [places.setdefault((type(cell), cell), len(places)) for cell in cells]
        return cls([cell for _, cell in places], np.array(index, dtype=np.int64))


@dataclass(frozen=True)
class SecondTable:
    """A file as a second reader sees it; ``blocks`` starts reading anew each time it is called.

    ``decimal`` is the decimal sign of numbers that are written as text. ``shows_codes_to`` is the number of
    significant digits to which the reader shows codes of labels and missing declarations. What else is known of
    a reader's ways: it may end a text at its first NUL, write names in lower case, leave ``remains`` of earlier
    texts behind a shorter one, and miss up to ``last_bits`` units in the last place of a number. With ``has_reasons``,
    text in a column of numbers is the reason why one is missing.
    """

    reader: str
    columns: Sequence[SecondColumn]
    blocks: Callable[[], Iterator[list[Cells]]]
    decimal: str = "."
    shows_codes_to: int = 17
    ends_text_at_nul: bool = False
    lowers_names: bool = False
    has_remains: bool = False
    last_bits: int = 0
    has_reasons: bool = False
