"""When text is a number: the one rule for cells of a CSV file and codes of a codebook."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

EXACT_INTEGER = 2**53
"""From here on a double cannot hold every whole number."""


def parse_numbers(cells: Sequence[str], decimal: str) -> list[float | None] | None:
    """The cells as numbers (blank is ``None``), or ``None`` when one of them is not a plain number.

    Leading zeros and whole numbers that a double cannot hold mean text: they are names, not amounts. So does a
    number that a double takes for zero and that is none.
    """
    fraction = rf"{re.escape(decimal)}[0-9]+"
    pattern = re.compile(rf"[+-]?((0|[1-9][0-9]*)({fraction})?|{fraction})([eE][+-]?[0-9]+)?")
    numbers: list[float | None] = []
    known: dict[str, float | None] = {"": None}
    for cell in cells:
        if cell not in known:
            stripped = cell.strip()
            if stripped and not pattern.fullmatch(stripped):
                return None
            number = float(stripped.replace(decimal, ".")) if stripped else None
            if number is not None and (abs(number) >= EXACT_INTEGER or math.isinf(number)):
                return None
            if number == 0 and re.search("[1-9]", re.split("[eE]", stripped)[0]):
                return None
            known[cell] = number
        numbers.append(known[cell])
    return numbers
