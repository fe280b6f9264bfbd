"""What every reader returns: the answers as delivered and the codebook that came with them."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

NUMERIC = "numeric"
STRING = "string"
BLANK = r"\_"
LARGEST_WHOLE = 1e15
"""From here on numbers are written with an exponent; the SQL macro ``canonical_code`` has the same bound."""


@dataclass(frozen=True)
class SourceVariable:
    """One variable of a delivered file.

    ``position`` counts from 1. ``missing_declaration`` lists the user-missing codes, joined by ``|``; a range
    reads ``lo..hi``, with ``-inf`` and ``inf`` for an open end. In a code of text, ``\\|`` and ``\\\\`` stand for
    the sign itself, and ``\\_`` for blank (``declared_parts`` reads them back).
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
class ResponseSet:
    """A multiple-response set: several variables that together hold one question.

    ``kind`` is ``dichotomy`` (a member is chosen where it has ``counted_value``, a canonical code), ``category``
    (each member holds a chosen code), or empty where the delivery does not say.
    """

    name: str
    label: str
    kind: str
    counted_value: str
    variables: tuple[str, ...]


@dataclass(frozen=True)
class TextCounts:
    """How many texts were not in the encoding of their file. *Repaired* reads as it was meant (a last character
    that was cut through is left out); *damaged* cannot be restored, and holds U+FFFD. Answers count by cell."""

    value_labels_repaired: int = 0
    value_labels_damaged: int = 0
    variable_labels_repaired: int = 0
    variable_labels_damaged: int = 0
    answers_repaired: int = 0
    answers_damaged: int = 0


NO_TEXTS = TextCounts()
"""Every text was what its file said."""


@dataclass(frozen=True)
class OriginalText:
    """The bytes, in hexadecimal, of a text that could not be kept whole.

    ``text_kind``: value_label, variable_label (names and labels of files and sets too) or answer; ``outcome``:
    cut or damaged; ``row`` counts from 1 and is 0 where the text is no answer.
    """

    text_kind: str
    variable_name: str
    code: str
    row: int
    outcome: str
    original_hex: str


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
    response_sets: tuple[ResponseSet, ...] = ()
    missing_reasons: Mapping[str, Mapping[int, str]] = field(default_factory=dict)
    """By variable and row (from 1) the code of a missing number that says why: Stata's ``.a`` to ``.z``. A missing
    number that is not in it is system-missing."""
    text_counts: TextCounts = NO_TEXTS
    original_texts: tuple[OriginalText, ...] = ()
    declared_weight: str = ""
    """The variable that the file itself declares as its weight (SPSS only)."""

    @property
    def variable_names(self) -> list[str]:
        return [variable.variable_name for variable in self.variables]


def canonical_code(value: object) -> str:
    """The text by which a code is known everywhere: ``1``, ``-99``, ``1.5``, or text without trailing blanks.

    Integer-valued numbers lose their decimals, other numbers have their shortest exact form.
    """
    if isinstance(value, str):
        return value.rstrip(" ")
    number = float(value)  # type: ignore[arg-type]
    if math.isfinite(number) and number == int(number) and abs(number) < LARGEST_WHOLE:
        return str(int(number))
    return repr(number)


def declared_text(code: str) -> str:
    """A code of text as ``missing_declaration`` writes it."""
    return re.sub(r"([\\|])", r"\\\1", code) or BLANK


def declared_parts(declaration: str, is_numeric: bool) -> list[str]:
    """The codes and ranges of a ``missing_declaration``; of text, the codes themselves, blank as ``""``."""
    if is_numeric:
        return [part for part in declaration.split("|") if part]
    parts = re.findall(r"(?:[^|\\]|\\.)+", declaration, re.DOTALL)
    return ["" if part == BLANK else re.sub(r"\\(.)", r"\1", part, flags=re.DOTALL) for part in parts]


def in_missing_declaration(code: str, is_numeric: bool, declaration: str) -> bool:
    """Whether a canonical code is user-missing according to ``SourceVariable.missing_declaration``."""
    for part in declared_parts(declaration, is_numeric):
        if part == code:
            return True
        if is_numeric and ".." in part and not code.startswith("."):
            low, high = part.split("..", 1)
            if float(low) <= float(code) <= float(high):
                return True
    return False


def is_declared_missing(variable: SourceVariable, answers: pd.Series) -> pd.Series:
    """Which of the answers, numbers or texts, are ones that the file declares missing."""
    if not variable.missing_declaration:
        return answers.isin([])
    is_numeric = variable.storage_type == NUMERIC
    codes = [
        value
        for value in answers.dropna().unique()
        if in_missing_declaration(canonical_code(value), is_numeric, variable.missing_declaration)
    ]
    return answers.isin(codes)


def is_reason(code: str) -> bool:
    """Whether a code of a numeric variable is one of Stata's ``.a`` to ``.z``."""
    return len(code) == 2 and code[0] == "." and "a" <= code[1] <= "z"


def number_order(code: str) -> tuple[float, str]:
    """Sorts the codes of a numeric variable: numbers first, then ``.a`` to ``.z``."""
    return (math.inf if is_reason(code) else float(code), code)
