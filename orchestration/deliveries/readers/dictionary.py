"""From what a reader of SPSS or Stata files finds to a ``SourceTable``: one way for all of their formats."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from orchestration.deliveries.file_faults import check_names, truncated, unreadable
from orchestration.deliveries.problems import raise_when_any
from orchestration.deliveries.source_table import (
    NUMERIC,
    STRING,
    ResponseSet,
    SourceTable,
    SourceValue,
    SourceVariable,
    canonical_code,
    declared_parts,
    declared_text,
    in_missing_declaration,
    number_order,
)
from orchestration.deliveries.texts import MOST_DAMAGED, VALUE_LABEL, VARIABLE_LABEL, ByteText, Texts

OPEN_ENDED = 1.79e308
"""SPSS writes LOWEST and HIGHEST as the extreme doubles; from here on a bound is no bound."""


@dataclass
class RawColumn:
    """One variable as a reader finds it. Text is byte text: each character stands for one byte.

    ``answers`` of a number are floats, ``None`` or NaN for system missing, and letters for Stata's reasons;
    so are the keys of ``labels``. ``width`` is the number of bytes that a text has room for; 0 when unknown.
    """

    name: str
    label: str
    is_numeric: bool
    answers: Sequence[Any]
    width: int = 0
    format: str = ""
    measure: str = ""
    labels: Mapping[Any, str] = field(default_factory=dict)
    missings: Sequence[Any] = ()
    missing_range: tuple[float, float] | None = None


def assemble(
    path: Path,
    columns: Sequence[RawColumn],
    claimed: str | None,
    stated: str | None = None,
    file_label: str = "",
    sets: Sequence[ResponseSet] = (),
    weight: str = "",
) -> SourceTable:
    """Decode all texts and make the ``SourceTable``.

    ``claimed``: the encoding that the file says; ``stated``: the one that its manifest says, which overrules.
    ``sets`` and ``weight`` hold byte text too; the variables of a set are named as in ``columns``. Raises
    ``DeliveryProblems`` for names that cannot be columns, and when most texts are not in ``stated``.
    """
    import pandas as pd

    decoder = ByteText(stated or claimed, _strings(columns, file_label, sets))
    if stated and decoder.share_undecodable(_strings(columns, file_label, sets)) > MOST_DAMAGED:
        raise unreadable(
            path,
            "wrong_encoding",
            f"its text is not {stated}",
            "correct `encoding` in delivery.yml (`encoding: cp1252` is the usual one), or leave it out: the "
            "encoding is then seen from the text",
        )
    texts = Texts(decoder)
    names = {column.name: texts.one(column.name, VARIABLE_LABEL) for column in columns}
    raise_when_any(check_names(path, list(names.values())))
    if any(unicodedata.category(character) == "Cc" for name in names.values() for character in name):
        raise truncated(path, "is damaged: the name of a variable has a control character")
    of_variable: dict[str, list[str]] = {}
    for found in sets:
        for member in found.variables:
            of_variable.setdefault(member, []).append(texts.code(found.name, 0))
    series: dict[str, pd.Series] = {}
    variables: list[SourceVariable] = []
    values: list[SourceValue] = []
    reasons: dict[str, dict[int, str]] = {}
    for position, column in enumerate(columns, start=1):
        name = names[column.name]
        if column.is_numeric:
            series[name], found_reasons = _numbers(column.answers)
            if found_reasons:
                reasons[name] = found_reasons
        else:
            series[name] = texts.column(column.answers, name, column.width)
        declaration = _declaration(column, texts)
        variables.append(
            SourceVariable(
                position,
                name,
                texts.one(column.label, VARIABLE_LABEL, name),
                NUMERIC if column.is_numeric else STRING,
                column.format,
                column.measure,
                "|".join(sorted(of_variable.get(column.name, []))),
                declaration,
            )
        )
        codes = {}
        for raw, label in column.labels.items():
            code = _code(raw, column, texts)
            codes[code] = texts.one(label, VALUE_LABEL, name, code)
        in_answers = set(reasons.get(name, {}).values())
        values += coded_values(name, column.is_numeric, codes, declaration, series[name], in_answers)
    decoded_sets = tuple(_decoded(found, names, texts) for found in sorted(sets, key=lambda one: one.name))
    label = texts.one(file_label, VARIABLE_LABEL)
    return SourceTable(
        pd.DataFrame(series, copy=False),
        variables,
        values,
        label,
        decoder.encoding,
        response_sets=decoded_sets,
        missing_reasons=reasons,
        text_counts=texts.counts,
        original_texts=tuple(texts.originals),
        declared_weight=names.get(weight, ""),
    )


def without_none(labels: Mapping[Any, Any]) -> dict[Any, str]:
    """Labels as pyreadstat gives them; it has ``None`` for a text without a character."""
    return {"" if code is None else code: label or "" for code, label in labels.items()}


def coded_values(
    name: str,
    is_numeric: bool,
    labels: Mapping[str, str],
    declaration: str,
    answers: Any,
    reasons: set[str] | frozenset[str] = frozenset(),
) -> list[SourceValue]:
    """Labelled codes, declared missing codes without one, codes in the data within a missing range, and reasons."""
    found: dict[str, str] = dict(labels)
    for reason in reasons:
        found.setdefault(reason, "")
    for part in declared_parts(declaration, is_numeric):
        if is_numeric and ".." in part:
            low, high = (float(bound) for bound in part.split("..", 1))
            inside = answers[(answers >= low) & (answers <= high)].unique()
            for number in inside:
                found.setdefault(canonical_code(number), "")
        elif part:
            found.setdefault(part, "")
    ordered = sorted(found, key=number_order) if is_numeric else sorted(found)
    return [
        SourceValue(name, code, found[code], in_missing_declaration(code, is_numeric, declaration))
        for code in ordered
    ]


def _strings(columns: Sequence[RawColumn], file_label: str, sets: Sequence[ResponseSet]) -> Iterator[str]:
    """Every text of the file that is beyond ASCII."""
    yield file_label
    for found in sets:
        yield from (found.name, found.label, found.counted_value)
    for column in columns:
        yield column.name
        yield column.label
        yield from column.labels.values()
        if not column.is_numeric:
            yield from column.labels
            yield from column.missings
            yield from (cell for cell in column.answers if isinstance(cell, str))


def _code(raw: Any, column: RawColumn, texts: Texts) -> str:
    if not column.is_numeric:
        return texts.code(str(raw), column.width)
    return f".{raw}" if isinstance(raw, str) else canonical_code(raw)


def _numbers(answers: Any) -> tuple[Any, dict[int, str]]:
    """Numbers with NaN for every missing one, and by row the reasons that are a letter."""
    import numpy as np
    import pandas as pd

    reasons: dict[int, str] = {}
    try:
        numbers = np.asarray(answers, dtype=np.float64)
    except ValueError:
        reasons = {row: f".{cell}" for row, cell in enumerate(answers, start=1) if isinstance(cell, str)}
        numbers = np.asarray([None if isinstance(cell, str) else cell for cell in answers], dtype=np.float64)
    return pd.Series(numbers, copy=False), reasons


def _declaration(column: RawColumn, texts: Texts) -> str:
    parts: list[str] = []
    if column.missing_range is not None:
        low, high = column.missing_range
        parts.append(canonical_code(low) if low == high else f"{_bound(low)}..{_bound(high)}")
    for value in column.missings:
        code = _code(value, column, texts)
        parts.append(code if column.is_numeric else declared_text(code))
    return "|".join(dict.fromkeys(parts))


def _bound(value: float) -> str:
    if abs(value) >= OPEN_ENDED:
        return "-inf" if value < 0 else "inf"
    return canonical_code(value)


def _decoded(found: ResponseSet, names: Mapping[str, str], texts: Texts) -> ResponseSet:
    return ResponseSet(
        texts.code(found.name, 0),
        texts.one(found.label, VARIABLE_LABEL),
        found.kind,
        texts.code(found.counted_value, 0),
        tuple(names[member] for member in found.variables),
    )
