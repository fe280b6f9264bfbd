"""When the content of an untyped cell is a number, told without the rule of the first reader."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from typing import Any

from orchestration.deliveries.source_table import canonical_code

LEADING_ZERO = re.compile(r"[+-]?0[0-9]")
PLAIN = re.compile(r"[+-]?[0-9]*\.?[0-9]*([eE][+-]?[0-9]+)?")


def number_of(content: Any, decimal: str = ".") -> float | None:
    """The number that a cell holds, or ``None``. Text with leading zeros is a name, and no number."""
    if isinstance(content, bool) or content is None:
        return None
    if isinstance(content, int | float):
        return float(content)
    if not isinstance(content, str):
        return None
    text = content.strip()
    if decimal != ".":
        if "." in text:
            return None
        text = text.replace(decimal, ".")
    if LEADING_ZERO.match(text) or not PLAIN.fullmatch(text):
        return None
    try:
        return float(Decimal(text))
    except (InvalidOperation, OverflowError):
        return None


def code_as_written(text: str, decimal: str = ".") -> str:
    """A code of a codebook in its canonical form: a number's shortest form, or the text without blanks at its
    end."""
    number = number_of(text, decimal)
    return text.rstrip() if number is None else canonical_code(number)
