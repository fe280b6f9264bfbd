"""Which cells of a block differ: numbers bit for bit, text without the blanks at its end."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping
from typing import Any

from orchestration.deliveries.second_reading.number_cells import number_of
from orchestration.deliveries.second_reading.second_table import Cells
from orchestration.deliveries.second_reading.text_rules import DIFFERENT, REPAIRED, TextRule, compared_text
from orchestration.deliveries.source_table import canonical_code


def differing_numbers(ours: Any, theirs: Cells, decimal: str, last_bits: int = 0) -> tuple[Any, int]:
    """A mask over the rows where ``ours`` (float64, NaN for blank) is not the number in the other reading, and
    how many are the same but for ``last_bits`` units in the last place."""
    import numpy as np

    numbers = np.full(len(theirs.contents), math.nan)
    is_none = np.zeros(len(theirs.contents), dtype=bool)
    for place, content in enumerate(theirs.contents):
        if content is None or content == "" or (isinstance(content, str) and not content.strip()):
            continue
        number = number_of(content, decimal)
        if number is None:
            is_none[place] = True
        else:
            numbers[place] = number
    other = numbers[theirs.index]
    same = (ours == other) | (np.isnan(ours) & np.isnan(other))
    wrong = ~same | is_none[theirs.index]
    if not last_bits or not wrong.any():
        return wrong, 0
    near = wrong & (np.abs(ours - other) <= last_bits * np.spacing(np.abs(ours)))
    return wrong & ~near, int(near.sum())


def differing_reasons(reasons: Mapping[int, str], theirs: Cells, first_row: int, wrong: Any) -> Any:
    """``wrong``, but for numbers that are missing for a reason (Stata's ``.a`` to ``.z``): right where both
    readings name the same one. ``reasons`` of ours are by row, counted from 1; the block begins at ``first_row``."""
    import numpy as np

    named = [content if isinstance(content, str) else "" for content in theirs.contents] or [""]
    other = np.array(named, dtype=object)[theirs.index] if len(theirs.index) else np.array([], dtype=object)
    ours = np.array([reasons.get(first_row + row, "") for row in range(len(other))], dtype=object)
    has_reason = (ours != "") | (other != "")
    return np.where(has_reason, ours != other, wrong)


def differing_texts(ours: Any, theirs: Cells, rule: TextRule) -> tuple[Any, int]:
    """A mask over the rows where the texts differ, and how many are the same but for a repaired encoding."""
    import numpy as np

    shown = np.array([text_of(content) for content in theirs.contents] or [""], dtype=object)
    other = shown[theirs.index] if len(theirs.index) else np.array([], dtype=object)
    wrong = np.asarray(ours != other, dtype=bool)
    repaired = 0
    known: dict[tuple[Any, Any], str] = {}
    for row in np.flatnonzero(wrong):
        pair = (_or_none(ours[row]), other[row])
        if pair not in known:
            known[pair] = compared_text(*pair, rule)
        wrong[row] = known[pair] == DIFFERENT
        repaired += known[pair] == REPAIRED
    return wrong, repaired


def text_of(content: Any) -> str | None:
    """A typed cell as our reader of workbooks writes it in a column of text."""
    if content is None or isinstance(content, str):
        return content
    if isinstance(content, bool):
        return "TRUE" if content else "FALSE"
    if isinstance(content, int | float):
        return canonical_code(content)
    if isinstance(content, dt.datetime):
        return content.isoformat()
    if isinstance(content, dt.date):
        return dt.datetime(content.year, content.month, content.day).isoformat()
    if isinstance(content, dt.time):
        return content.isoformat()
    if isinstance(content, dt.timedelta):
        seconds = abs(content).total_seconds()
        whole, fraction = divmod(round(seconds * 1_000_000), 1_000_000)
        text = f"{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02}"
        return ("-" if content < dt.timedelta() else "") + text + (f".{fraction:06}" if fraction else "")
    return str(content)


def _or_none(value: Any) -> str | None:
    return value if isinstance(value, str) else None
