"""What every reader returns: the answers as delivered and the codebook that came with them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

NUMERIC = "numeric"
STRING = "string"
LARGEST_WHOLE = 1e15
"""From here on numbers are written with an exponent; the SQL macro ``canonical_code`` has the same bound."""


@dataclass(frozen=True)
class SourceVariable:
    """One variable of a delivered file.

    ``position`` counts from 1. ``missing_declaration`` lists the user-missing codes, joined by ``|``; a range
    reads ``lo..hi``, with ``-inf`` and ``inf`` for an open end.
    """

    position: int
    variable_name: str
    variable_label: str
    storage_type: str
    format: str = ""
    measure: str = ""
    mr_set: str = ""
    missing_declaration: str = ""


@dataclass(frozen=True)
class SourceValue:
    """One labelled or declared-missing code; the label is empty where only the declaration is known."""

    variable_name: str
    code: str
    value_label: str
    is_user_missing: bool


@dataclass(frozen=True)
class SourceTable:
    """A delivered file in memory.

    ``frame``: one row per record in file order, one column per variable; ``float64`` with NaN for system
    missing, or ``object`` holding text with ``None`` for blank. User-missing codes are kept as values.
    ``encoding`` is the encoding that the text was decoded with.
    """

    frame: pd.DataFrame
    variables: list[SourceVariable]
    values: list[SourceValue]
    file_label: str = ""
    encoding: str = ""
    cell_kinds: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    """Of a workbook only: what the filled cells of each text column hold (number, text, formula, date, truth
    value, error), counted by variable."""

    @property
    def variable_names(self) -> list[str]:
        return [variable.variable_name for variable in self.variables]


def canonical_code(value: object) -> str:
    """The text by which a code is known everywhere: ``1``, ``-99``, ``1.5``, or text without trailing blanks.

    Integer-valued numbers lose their decimals, other numbers have their shortest exact form.
    """
    if isinstance(value, str):
        return value.rstrip()
    number = float(value)  # type: ignore[arg-type]
    if math.isfinite(number) and number == int(number) and abs(number) < LARGEST_WHOLE:
        return str(int(number))
    return repr(number)


def in_missing_declaration(code: str, is_numeric: bool, declaration: str) -> bool:
    """Whether a canonical code is user-missing according to ``SourceVariable.missing_declaration``."""
    for part in filter(None, declaration.split("|")):
        if is_numeric and ".." in part:
            low, high = part.split("..", 1)
            if float(low) <= float(code) <= float(high):
                return True
        elif part == code:
            return True
    return False
