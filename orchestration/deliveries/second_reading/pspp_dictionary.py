"""The tables that PSPP's DISPLAY DICTIONARY prints, as columns with labels and missing declarations."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import replace

from orchestration.deliveries.second_reading.second_table import CannotReadAgain, SecondColumn
from orchestration.deliveries.source_table import canonical_code

VARIABLES = ["Table: Variables"]
VALUE_LABELS = ["Table: Value Labels"]
BETWEEN_TEXTS = re.compile(r'"; "')


def variables_of(output: str) -> list[SecondColumn]:
    """Names, types and variable labels of the dictionary in ``output``. Raises ``CannotReadAgain``."""
    rows = _rows(output)
    return _variables(rows, _starts(rows)[0])


def dictionary_of(output: str) -> list[SecondColumn]:
    """Columns of the last dictionary in ``output``, with the missing declarations of the first one.

    Two dictionaries of the same variables are printed where the first shows what is declared missing and the
    second, without declarations, shows codes free of footnotes. Raises ``CannotReadAgain`` when the
    output is no dictionary.
    """
    rows = _rows(output)
    starts = _starts(rows)
    first, last = _variables(rows, starts[0]), _variables(rows, starts[-1])
    missing = {column.name: column.missing for column in first}
    labels = _value_labels(rows, starts[-1], {column.name: bool(column.is_text) for column in last})
    return [
        replace(column, missing=missing.get(column.name), value_labels=labels.get(column.name, {}))
        for column in last
    ]


def _rows(output: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(output, newline="")))


def _starts(rows: list[list[str]]) -> list[int]:
    starts = [place for place, row in enumerate(rows) if row == VARIABLES and _is_heading(rows, place)]
    if not starts:
        raise CannotReadAgain("PSPP shows no dictionary of it")
    return starts


def _is_heading(rows: list[list[str]], place: int) -> bool:
    return place + 1 < len(rows) and rows[place + 1][:2] == ["Name", "Position"]


def _variables(rows: list[list[str]], start: int) -> list[SecondColumn]:
    header = rows[start + 1]
    columns: list[SecondColumn] = []
    for row in rows[start + 2 :]:
        fields = dict(zip(header, row, strict=False))
        if len(row) < 2 or fields["Position"] != str(len(columns) + 1):
            break
        shown_as = fields.get("Print Format", "")
        is_text = shown_as.startswith("A") and not shown_as.startswith("ADATE")
        columns.append(
            SecondColumn(
                fields["Name"],
                is_text,
                fields.get("Label", ""),
                missing=_missing(fields.get("Missing Values", ""), is_text),
                width=int(re.sub("[^0-9].*", "", shown_as.lstrip("AHEX")) or 0) if is_text else 0,
            )
        )
    return columns


def _missing(shown: str, is_text: bool) -> tuple[str, ...]:
    if not shown:
        return ()
    if is_text:
        return tuple(text.rstrip() for text in BETWEEN_TEXTS.split(shown[1:-1]))
    parts: list[str] = []
    for part in shown.split("; "):
        low, is_range, high = part.partition(" THRU ")
        parts.append(f"{_bound(low)}..{_bound(high)}" if is_range else _code(part))
    return tuple(parts)


def _bound(shown: str) -> str:
    if shown in ("LOWEST", "HIGHEST"):
        return "-inf" if shown == "LOWEST" else "inf"
    return _code(shown)


def _code(shown: str) -> str:
    try:
        return canonical_code(float(shown))
    except ValueError:
        raise CannotReadAgain("PSPP shows a code of it that is no number") from None


def _value_labels(rows: list[list[str]], start: int, is_text: dict[str, bool]) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    place = next((at for at in range(start, len(rows)) if rows[at] == VALUE_LABELS), None)
    if place is None:
        return found
    variable = ""
    for row in rows[place + 2 :]:
        if len(row) != 3:
            break
        variable = row[0] or variable
        code = row[1].rstrip() if is_text.get(variable) else _code(row[1])
        found.setdefault(variable, {})[code] = row[2]
    return found
