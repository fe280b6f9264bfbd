"""How the text of a registry cell reads as a value."""

from __future__ import annotations

import datetime as dt
import math
import re
from types import SimpleNamespace

from orchestration.registry.declaration import Table, ValueType

Value = str | int | float | bool | dt.date | None

_WHOLE = re.compile(r"-?(0|[1-9][0-9]*)")
_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE]-?[0-9]+)?")


def parse(value_type: ValueType, text: str) -> Value:
    """The value of a cell; ``None`` for an empty one. Raises ``ValueError``, saying what was expected."""
    if text == "":
        return None
    if value_type == "integer":
        if not _WHOLE.fullmatch(text):
            raise ValueError("a whole number")
        return int(text)
    if value_type == "number":
        if not _NUMBER.fullmatch(text) or not math.isfinite(float(text)):
            raise ValueError("a number with a decimal point")
        return float(text)
    if value_type == "boolean":
        if text not in ("true", "false"):
            raise ValueError("true or false")
        return text == "true"
    if value_type == "date":
        if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
            raise ValueError("a date like 2016-11-29")
        try:
            return dt.date.fromisoformat(text)
        except ValueError:
            raise ValueError("a date that exists") from None
    return text


def typed(table: Table, row: dict[str, str]) -> SimpleNamespace:
    """A row with typed values, by attribute. A cell that does not read as its type stays text here; it is
    ``validate_registry`` that reports it."""
    values: dict[str, Value] = {}
    for column in table.columns:
        text = row[column.name]
        try:
            values[column.name] = parse(column.value_type, text)
        except ValueError:
            values[column.name] = text
    return SimpleNamespace(**values)
